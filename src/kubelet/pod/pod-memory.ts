import { writeTime } from '../../api/time.ts';
import type { PodStatus } from '../../api/types/generated/core-v1.ts';
import type { PodProbes } from '../probe/pod-probes.ts';
import type { ObservedPod } from '../runtime/observed-pod.ts';
import type { Failure } from './container-status.ts';
import type { LivePod } from './live-pod.ts';
import type { Situation, Verdict } from './plan-pod.ts';
import { lastWords } from './pod-files.ts';
import { podStatus } from './pod-status.ts';
import type { PodSurroundings } from './pod-surroundings.ts';
import type { Refusal } from './start-container.ts';

/** What a worker knows of its pod that is neither in the runtime nor on the server. */
export class PodMemory {
  /** By container name: why its last attempt came to nothing. */
  readonly refusals = new Map<string, Refusal>();
  /** Sandboxes that have given back what they had. */
  readonly released = new Set<string>();
  readonly probes: PodProbes;
  readonly startTime: string;
  readonly #surroundings: PodSurroundings;
  /** Last words by container id. */
  readonly #messages = new Map<string, string>();

  constructor(pod: LivePod, probes: PodProbes, surroundings: PodSurroundings) {
    this.probes = probes;
    this.#surroundings = surroundings;
    this.startTime = pod.status?.startTime ?? writeTime(Math.floor(this.nowMs / 1000));
  }

  get nowMs(): number {
    return this.#surroundings.clock.now();
  }

  /** Reads what ended containers left, before their files go. */
  async learn({ containers }: ObservedPod): Promise<void> {
    for (const container of containers) {
      if (container.state !== 'exited' || this.#messages.has(container.id)) continue;
      this.#messages.set(container.id, await lastWords(container));
    }
    for (const id of this.#messages.keys()) {
      if (!containers.some((container) => container.id === id)) this.#messages.delete(id);
    }
  }

  /** Containers whose postStart hook failed: they run, and must not. */
  hookFailures(): Map<string, Verdict> {
    return new Map(
      [...this.refusals.values()].flatMap(({ condemned, message }) => {
        return condemned === undefined ? [] : [[condemned, { message }] as const];
      }),
    );
  }

  situation(pod: LivePod, observed: ObservedPod): Situation {
    const held = [...this.refusals].map(([name, { retryAtMs }]) => [name, retryAtMs] as const);
    return {
      pod,
      observed,
      nowMs: this.nowMs,
      started: this.probes.started(),
      condemned: new Map([...this.probes.condemned(), ...this.hookFailures()]),
      heldUntilMs: new Map(held),
      released: this.released,
    };
  }

  /** `ending` when no container will be started any more. */
  status(
    pod: LivePod,
    observed: ObservedPod,
    { ending, failure }: { readonly ending: boolean; readonly failure: Failure | undefined },
  ): PodStatus {
    const { node, runtimeName } = this.#surroundings;
    return podStatus({
      pod,
      observed,
      nowMs: this.nowMs,
      started: this.probes.started(),
      ready: this.probes.ready(),
      failures: this.refusals,
      messages: this.#messages,
      runtimeName,
      ending,
      hostAddresses: node.addresses,
      startTime: this.startTime,
      failure,
    });
  }
}
