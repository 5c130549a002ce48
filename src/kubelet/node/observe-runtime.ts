import type { Clock } from '../../base/clock.ts';
import type * as cri from '../../cri/generated/runtime.ts';
import type { ContainerRuntime } from '../runtime/container-runtime.ts';

/** What the node tells of its runtime. */
export interface RuntimeFacts {
  /** `containerd://1.6.20`; empty until it has answered. */
  readonly version: string;
  /** Why no pods can be run, in the words of the node's condition. */
  readonly faults: readonly string[];
  readonly handlers: readonly cri.RuntimeHandler[];
}

/** A runtime that restarts answers again long before; nobody should drive pods away for it. */
const silenceMs = 30_000;

/** Asks the runtime how it is, and remembers it over a short silence. */
export class RuntimeObserver {
  readonly #runtime: ContainerRuntime;
  readonly #clock: Clock;
  #facts: RuntimeFacts = {
    version: '',
    faults: ['container runtime status check may not have completed yet'],
    handlers: [],
  };
  #answeredAt: number;

  constructor(runtime: ContainerRuntime, clock: Clock) {
    this.#runtime = runtime;
    this.#clock = clock;
    this.#answeredAt = clock.now();
  }

  get facts(): RuntimeFacts {
    return this.#facts;
  }

  /** Never rejects: a runtime that does not answer is a fact as well. */
  async look(): Promise<RuntimeFacts> {
    try {
      const [{ status, runtime_handlers: handlers }, version] = await Promise.all([
        this.#runtime.status(false),
        this.#runtime.version(),
      ]);
      this.#answeredAt = this.#clock.now();
      this.#facts = {
        version: `${version.runtime_name}://${version.runtime_version}`,
        faults: (status?.conditions ?? []).flatMap((condition) => faultOf(condition) ?? []),
        handlers,
      };
    } catch {
      if (this.#clock.now() - this.#answeredAt >= silenceMs) {
        this.#facts = { ...this.#facts, faults: ['container runtime is down'] };
      }
    }
    return this.#facts;
  }
}

function faultOf({ type, status, reason, message }: cri.RuntimeCondition): string | undefined {
  if (status) return undefined;
  const what = type === 'NetworkReady' ? 'container runtime network' : 'container runtime';
  if (type !== 'NetworkReady' && type !== 'RuntimeReady') return undefined;
  return `${what} not ready: ${type}=false reason:${reason} message:${message}`;
}
