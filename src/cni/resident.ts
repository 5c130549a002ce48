import { KeyedLock } from '../base/keyed-lock.ts';
import { limits } from '../base/limits.ts';
import { type Answer, answer, failure } from './answer.ts';
import { builtinInvoker } from './builtin-invoker.ts';
import { CniCode, CniError } from './cni-error.ts';
import type { Journal } from './journal.ts';
import type { Environment } from './parse-request.ts';
import { undoInterrupted } from './perform.ts';
import type { CniPlugin } from './plugin.ts';

/** One call, as the client in the plugin folder hands it on. */
export interface ResidentCall {
  readonly type: string;
  readonly environment: Environment;
  readonly input: string;
  /** The namespace of CNI_NETNS; the caller closes it after. */
  readonly netnsFd?: number | undefined;
  /** Aborts when the client goes away: its runtime has given up. */
  readonly signal: AbortSignal;
}

export interface ResidentOptions {
  readonly plugins: ReadonlyMap<string, CniPlugin>;
  readonly journal: Journal;
}

/**
 * Serves plugins to whoever calls their binaries. So many at once, more wait, and past a bound they
 * are told to try again; calls for one container go one after the other.
 */
export class Resident {
  readonly #plugins: ReadonlyMap<string, CniPlugin>;
  readonly #journal: Journal;
  readonly #invoke: ReturnType<typeof builtinInvoker>;
  readonly #containers = new KeyedLock();
  readonly #queue: (() => void)[] = [];
  #running = 0;

  constructor({ plugins, journal }: ResidentOptions) {
    this.#plugins = plugins;
    this.#journal = journal;
    this.#invoke = builtinInvoker({ plugins });
  }

  has(type: string): boolean {
    return this.#plugins.has(type);
  }

  /** What the binary is to print, and its exit code. Never rejects. */
  async serve(call: ResidentCall): Promise<Answer> {
    if (this.#queue.length >= limits.cniQueue) return overloaded();
    const container = call.environment['CNI_CONTAINERID'] ?? '';
    if (container === '') return await this.#inTurn(call);
    return await this.#containers.run(container, () => this.#inTurn(call));
  }

  /** Finishes what a killed process left: to be called once, at the start. Gives the failures. */
  async recover(signal: AbortSignal): Promise<readonly string[]> {
    const { journal, invoke } = { journal: this.#journal, invoke: this.#invoke };
    return await undoInterrupted(this.#plugins, { journal, invoke, signal });
  }

  async #inTurn(call: ResidentCall): Promise<Answer> {
    await this.#enter();
    try {
      return await this.#answer(call);
    } finally {
      this.#leave();
    }
  }

  async #answer({ type, environment, input, netnsFd, signal }: ResidentCall): Promise<Answer> {
    const plugin = this.#plugins.get(type);
    if (plugin === undefined || signal.aborted) return failure(gone(type));
    return await answer(plugin, {
      environment,
      readInput: () => Promise.resolve(input),
      netnsFd,
      signal: AbortSignal.any([signal, AbortSignal.timeout(limits.cniCallMs)]),
      invoke: this.#invoke,
      journal: this.#journal,
    });
  }

  /** The place of one that leaves goes to the one that waits longest. */
  async #enter(): Promise<void> {
    if (this.#running < limits.cniCalls) this.#running++;
    else await new Promise<void>((resolve) => this.#queue.push(resolve));
  }

  #leave(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#running--;
    else next();
  }
}

function overloaded(): Answer {
  return failure(new CniError(CniCode.tryAgainLater, `Over ${limits.cniQueue} calls wait`));
}

function gone(type: string): CniError {
  return new CniError(CniCode.tryAgainLater, `The caller of "${type}" is gone`);
}
