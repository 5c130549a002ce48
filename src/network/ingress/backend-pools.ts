import { Pool } from 'undici';
import { ingressLimits } from '../../base/ingress-limits.ts';

interface Backend {
  readonly pool: Pool;
  /** Until when it counts as one that refuses. */
  refusesUntilMs: number;
}

/** Kept connections to the endpoints in use. */
export class BackendPools implements AsyncDisposable {
  readonly #backends = new Map<string, Backend>();

  poolOf(endpoint: string): Pool {
    return this.#of(endpoint).pool;
  }

  /** The endpoints with those that have just refused at their end. */
  ordered(endpoints: readonly string[]): readonly string[] {
    const now = performance.now();
    const refuses = (one: string): boolean => (this.#backends.get(one)?.refusesUntilMs ?? 0) > now;
    if (!endpoints.some(refuses)) return endpoints;
    return [...endpoints.filter((one) => !refuses(one)), ...endpoints.filter(refuses)];
  }

  /** It could not be connected to: others come first for a while. */
  refused(endpoint: string): void {
    this.#of(endpoint).refusesUntilMs = performance.now() + ingressLimits.refusedMs;
  }

  /**
   * Gives up connections to all but these: requests under way are answered, and nobody is sent to
   * an endpoint by a connection that it is about to close.
   */
  retain(endpoints: ReadonlySet<string>): void {
    for (const [endpoint, { pool }] of this.#backends) {
      if (endpoints.has(endpoint)) continue;
      this.#backends.delete(endpoint);
      void pool.close().catch(() => undefined);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#backends.values()];
    this.#backends.clear();
    await Promise.all(all.map(({ pool }) => pool.destroy()));
  }

  #of(endpoint: string): Backend {
    const known = this.#backends.get(endpoint);
    if (known !== undefined) return known;
    const pool = new Pool(`http://${endpoint}`, {
      connections: ingressLimits.backendConnections,
      connect: { timeout: ingressLimits.dialMs },
      // Most servers close an idle connection after five seconds or later: we do so before.
      keepAliveTimeout: ingressLimits.backendIdleMs,
      keepAliveMaxTimeout: ingressLimits.backendIdleMs,
      maxHeaderSize: ingressLimits.headerBytes * 2,
    });
    const made = { pool, refusesUntilMs: 0 };
    this.#backends.set(endpoint, made);
    return made;
  }
}
