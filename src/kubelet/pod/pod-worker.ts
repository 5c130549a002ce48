import type { PodStatus } from '../../api/types/generated/core-v1.ts';
import { messageOf } from '../../base/error.ts';
import { Wakeup } from '../../base/wakeup.ts';
import { PodProbes } from '../probe/pod-probes.ts';
import { currentSandbox, type ObservedPod, type PodNews } from '../runtime/observed-pod.ts';
import type { Failure } from './container-status.ts';
import { isStatic, type LivePod } from './live-pod.ts';
import { endAll, perform, type Place } from './perform.ts';
import { planPod } from './plan-pod.ts';
import { describePod, graceOf } from './pod-containers.ts';
import { PodEnd } from './pod-end.ts';
import { PodMemory } from './pod-memory.ts';
import { PodSight } from './pod-sight.ts';
import type { PodSurroundings } from './pod-surroundings.ts';
import { hasEnded } from './progress.ts';

const firstRetryMs = 500;
const longestRetryMs = 10_000;

/** What a worker asks of the others. */
export interface WorkerOptions {
  readonly surroundings: PodSurroundings;
  /** No kubelet has had the pod before this one. */
  readonly isNew: boolean;
  /** Why the node does not take the pod on. */
  readonly admit: (pod: LivePod) => Failure | undefined;
  /** The pod's end is complete: nothing of it is left on the node. */
  readonly finished: (uid: string) => void;
}

/**
 * Makes one pod what it shall be: looks at what the runtime has, plans, acts, tells. Events only
 * wake it. It ends when the pod is deleted and nothing of it is left.
 */
export class PodWorker {
  readonly uid: string;
  readonly #options: WorkerOptions;
  readonly #wakeup = new Wakeup();
  readonly #end: PodEnd;
  readonly #memory: PodMemory;
  readonly #sight: PodSight;
  #pod: LivePod;
  #admitted = false;
  /** What volumes may show of it, as they were last told. */
  #shown: string | undefined;
  /** Had ended before this kubelet began: its status is written and stays. */
  #settled: boolean;
  #stopped = false;

  constructor(pod: LivePod, options: WorkerOptions) {
    this.#pod = pod;
    this.uid = pod.metadata.uid;
    this.#options = options;
    const { runtime, clock, events } = options.surroundings;
    const changed = () => this.#wakeup.wake();
    const probes = new PodProbes({ runtime, clock, events, changed });
    this.#sight = new PodSight(runtime, this.uid, options.isNew);
    this.#memory = new PodMemory(pod, probes, options.surroundings);
    this.#end = new PodEnd(pod);
    const { phase } = pod.status ?? {};
    this.#settled = !isStatic(pod) && (phase === 'Succeeded' || phase === 'Failed');
  }

  get pod(): LivePod {
    const status = this.#options.surroundings.statuses.last(this.uid);
    return status === undefined ? this.#pod : { ...this.#pod, status: merged(this.#pod, status) };
  }

  /** As the source has it, whatever has become of it. */
  get given(): LivePod {
    return this.#pod;
  }

  get observed(): ObservedPod | undefined {
    return this.#sight.seen;
  }

  /** Whether it counts when others ask for room. */
  get occupies(): boolean {
    return this.#admitted && !this.#settled && !this.#end.contained;
  }

  /** The source has another state of it. */
  update(pod: LivePod): void {
    this.#pod = pod;
    this.#end.learn(pod);
    this.#wakeup.wake();
  }

  /** The source has it no more: whatever still runs ends, in the grace it was given. */
  forget(last: LivePod): void {
    this.#end.forget(last);
    this.#wakeup.wake();
  }

  /** The runtime has changed something of it. */
  changed(): void {
    this.#sight.blur();
    this.#wakeup.wake();
  }

  /** The runtime has told how it is, after what was done here. */
  hear(news: PodNews): void {
    this.#sight.hear(news);
  }

  /** Asks for a fresh look without a cause. */
  refresh(): void {
    this.#wakeup.wake();
  }

  fail(failure: Failure, graceSeconds?: number): void {
    this.#end.fail(failure, graceSeconds);
    this.#wakeup.wake();
  }

  /** Resolves when its containers have ended for good. */
  get containersEnded(): Promise<void> {
    return this.#end.containersEnded;
  }

  /** Leaves everything as it is. */
  stop(): void {
    this.#stopped = true;
    this.#end.stop();
    this.#memory.probes.stop();
    this.#wakeup.wake();
  }

  /** Never rejects. */
  async run(): Promise<void> {
    const { clock, log } = this.#options.surroundings;
    let failures = 0;
    while (!this.#stopped) {
      let againMs: number | undefined;
      try {
        const atMs = await this.#pass();
        if (atMs === 'finished') break;
        failures = 0;
        againMs = atMs === undefined ? undefined : Math.max(0, atMs - clock.now());
      } catch (error) {
        if (this.#stopped) break;
        this.#sight.blur();
        log.debug({ pod: describePod(this.#pod) }, messageOf(error));
        againMs = Math.min(firstRetryMs * 2 ** failures, longestRetryMs);
        failures += 1;
      }
      if (againMs !== 0) await this.#wakeup.wait(againMs);
    }
    this.#memory.probes.stop();
  }

  /** One look and what follows from it; when to look again. */
  async #pass(): Promise<number | undefined | 'finished'> {
    const observed = await this.#look();
    if (this.#end.begun) return await this.#finish(observed);
    if (this.#settled) return await this.#release(observed);
    if (!this.#admitted && !this.#admit(observed)) return undefined;
    const deadlineMs = this.#deadlineMs();
    if (deadlineMs !== undefined && deadlineMs <= this.#memory.nowMs) {
      const message = 'Pod was active on the node longer than the specified deadline';
      this.#options.surroundings.events.tell(this.#pod, { reason: 'DeadlineExceeded', message });
      this.#end.fail({ reason: 'DeadlineExceeded', message });
      return 0;
    }
    this.#probe(observed);
    this.#renewVolumes(observed);
    const { actions, againAtMs } = planPod(this.#memory.situation(this.#pod, observed));
    this.#publish(observed);
    for (const action of actions) {
      if (this.#end.begun || this.#stopped) return 0;
      const made = await perform(action, this.#place(observed));
      if (made === undefined) this.#sight.blur();
      else this.#sight.add(made);
    }
    if (actions.length > 0) return 0;
    if (hasEnded(this.#pod, observed) && !this.#end.contained) {
      await this.#options.surroundings.volumes.remove(this.uid);
      this.#end.contain();
    }
    return earliest(againAtMs, deadlineMs, this.#end.signal.aborted ? 0 : undefined);
  }

  async #look(): Promise<ObservedPod> {
    const { observed, isNew } = await this.#sight.look();
    if (isNew) await this.#memory.learn(observed);
    return observed;
  }

  #admit(observed: ObservedPod): boolean {
    const isNew = observed.containers.length === 0 && observed.sandboxes.length === 0;
    const { events, statuses } = this.#options.surroundings;
    const refusal = isNew ? this.#options.admit(this.#pod) : undefined;
    if (refusal === undefined) {
      this.#admitted = true;
      return true;
    }
    const { reason, message } = refusal;
    events.warn(this.#pod, { reason, message });
    const told = `Pod was rejected: ${message}`;
    const status = { phase: 'Failed', reason, message: told, startTime: this.#memory.startTime };
    statuses.write(this.#pod, status, true);
    this.#settled = true;
    return false;
  }

  #deadlineMs(): number | undefined {
    const { activeDeadlineSeconds } = this.#pod.spec;
    if (activeDeadlineSeconds === undefined || this.#end.contained) return undefined;
    return Date.parse(this.#memory.startTime) + activeDeadlineSeconds * 1000;
  }

  #probe(observed: ObservedPod): void {
    const [address = this.#options.surroundings.node.addresses[0] ?? '127.0.0.1'] =
      currentSandbox(observed)?.addresses ?? [];
    const broken = this.#memory.hookFailures();
    const running = observed.containers.filter(({ id, state }) => {
      return state === 'running' && !broken.has(id);
    });
    this.#memory.probes.sync({ pod: this.#pod, address, running });
  }

  /** What volumes show of the pod follows it; of one that was taken over all is looked at once. */
  #renewVolumes(observed: ObservedPod): void {
    const { labels, annotations } = this.#pod.metadata;
    const shown = JSON.stringify([labels, annotations]);
    const isMade = currentSandbox(observed) !== undefined;
    if (isMade && shown !== this.#shown) {
      const { volumes, log } = this.#options.surroundings;
      volumes.refresh(this.#pod).catch((error: unknown) => {
        this.#shown = undefined;
        log.debug({ pod: describePod(this.#pod) }, messageOf(error));
      });
    }
    this.#shown = shown;
  }

  #place(observed: ObservedPod): Place {
    const { surroundings } = this.#options;
    return { surroundings, pod: this.#pod, observed, memory: this.#memory, end: this.#end };
  }

  #publish(observed: ObservedPod): void {
    const { begun: ending, failure } = this.#end;
    const status = this.#memory.status(this.pod, observed, { ending, failure });
    const urgent = ending || status.phase !== 'Pending' || this.#memory.refusals.size > 0;
    this.#options.surroundings.statuses.write(this.#pod, status, urgent);
  }

  /** A pod that had ended keeps its status, and holds nothing. */
  async #release(observed: ObservedPod): Promise<undefined> {
    const ready = observed.sandboxes.filter((sandbox) => sandbox.ready);
    await endAll(this.#place({ ...observed, sandboxes: ready }), graceOf(this.#pod));
    await this.#options.surroundings.volumes.remove(this.uid);
    this.#end.contain();
    return undefined;
  }

  /** Ends the containers, then all else; for a deleted pod nothing stays. */
  async #finish(observed: ObservedPod): Promise<undefined | 'finished'> {
    const { surroundings, finished } = this.#options;
    // It serves until it has ended, and is as ready as its probe says.
    this.#probe(observed);
    if (!this.#settled) this.#publish(observed);
    await endAll(this.#place(observed), this.#end.graceSeconds);
    this.#sight.blur();
    const ended = await this.#look();
    this.#probe(ended);
    if (!this.#settled) this.#publish(ended);
    this.#end.contain();
    // Of a pod that stays nobody waits for the server: the node may need what its volumes hold.
    if (this.#end.deleted) await surroundings.statuses.flushed(this.uid, this.#end.gone);
    await surroundings.volumes.remove(this.uid);
    if (!this.#end.deleted || this.#stopped) return undefined;
    await this.#end.removeAll(surroundings, { pod: this.#pod, observed: ended });
    if (!this.#end.gone.aborted) return undefined;
    surroundings.statuses.close(this.uid);
    finished(this.uid);
    return 'finished';
  }
}

/** What others wrote into the status stays in it. */
function merged({ status }: LivePod, own: PodStatus): PodStatus {
  const types = new Set(own.conditions?.map(({ type }) => type));
  const foreign = status?.conditions?.filter(({ type }) => !types.has(type)) ?? [];
  return { ...status, ...own, conditions: [...(own.conditions ?? []), ...foreign] };
}

function earliest(...times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
