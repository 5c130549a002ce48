import { type ApiClient, nameOf, type Stored } from '../../api/client/client.ts';
import { resources } from '../../api/client/resources.ts';
import type { Pod } from '../../api/types/generated/core-v1.ts';
import { type Clock, systemClock } from '../../base/clock.ts';
import { limits } from '../../base/limits.ts';
import type { Placement, Refusal } from '../engine/decision.ts';
import { Engine } from '../engine/engine.ts';
import { type ClusterEvent, mayHelp } from '../queue/hints.ts';
import { SchedulingQueue } from '../queue/scheduling-queue.ts';
import type { WaitingPod } from '../queue/waiting-pod.ts';
import { evictVictims } from './evict-victims.ts';
import { followPod } from './follow-pods.ts';
import type { SchedulerOptions } from './options.ts';
import { reportPod } from './report-pod.ts';
import { selectNode } from './select-node.ts';

/** Takes pods from the queue, decides, and tells the server, without waiting for each answer. */
export class Scheduler {
  readonly engine: Engine;
  readonly queue: SchedulingQueue;
  readonly #client: ApiClient;
  readonly #options: SchedulerOptions;
  readonly #clock: Clock;
  readonly #name: string;
  /** Pods that were given a node of which the server does not know yet. */
  readonly #assumed = new Map<string, Pod>();
  readonly #underWay = new Set<Promise<void>>();
  #changed: () => void = () => undefined;

  constructor(client: ApiClient, options: SchedulerOptions) {
    this.#client = client;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#name = options.schedulerName ?? 'default-scheduler';
    const { percentageOfNodesToScore = 0, seed = 1 } = options;
    this.engine = new Engine({ percentageOfNodesToScore, seed });
    this.queue = new SchedulingQueue(() => this.#clock.now());
    options.signal.addEventListener('abort', () => this.#changed(), { once: true });
  }

  /** A pod has changed, or is gone. */
  podChanged(now: Stored<Pod> | undefined, before: Stored<Pod> | undefined): void {
    const { engine, queue } = this;
    const happened = (event: ClusterEvent) => this.happened(event);
    const following = {
      engine,
      queue,
      happened,
      schedulerName: this.#name,
      assumed: this.#assumed,
    };
    followPod(following, now, before);
    this.#changed();
  }

  /** Something that may let a waiting pod find a node. */
  happened(event: ClusterEvent): void {
    this.queue.wake((waiting) => mayHelp(event, waiting, this.engine.cluster));
    this.#changed();
  }

  /** Decides about pods until none has its turn, or so many milliseconds have passed. */
  async work(forMs: number): Promise<void> {
    const end = performance.now() + forMs;
    while (performance.now() < end && this.#underWay.size < limits.schedulerWrites) {
      const next = this.queue.pop();
      if (next === undefined) return;
      try {
        this.#decide(next);
      } catch (error) {
        // A pod that nobody can decide about must not stop all others.
        this.#options.onError?.(`decision about pod ${next.key}`, error);
        this.queue.defer(next);
      }
    }
    if (this.#underWay.size >= limits.schedulerWrites) await Promise.race(this.#underWay);
  }

  /** Resolves when there may be something to do. */
  async rest(): Promise<void> {
    const dueIn = this.queue.nextDueIn();
    if (dueIn === 0 || this.#options.signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#changed = resolve;
    const cancel = dueIn === undefined ? () => undefined : this.#clock.after(dueIn, resolve);
    await promise;
    cancel();
  }

  /** Resolves when the server has answered everything that it was told. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  #decide(waiting: WaitingPod): void {
    const decision = this.engine.decide(waiting.pod);
    this.#options.explanations?.add(decision, this.#clock.now());
    if (decision.outcome === 'placed') this.#place(waiting, decision);
    else this.#refuse(waiting, decision);
  }

  #place(waiting: WaitingPod, { nodeName }: Placement): void {
    const { key } = waiting;
    const pod = waiting.pod as Stored<Pod>;
    const { cluster, nominations } = this.engine;
    this.#assumed.set(key, pod);
    nominations.delete(key);
    const { facts, slot } = cluster.placePod(pod, nodeName);
    this.happened({ kind: 'podCame', facts, slot });
    this.#start('binding', async () => {
      try {
        await selectNode(this.#client, { facts, cluster }, nodeName);
        await this.#bind(pod, nodeName);
        this.#forget(key, pod);
        if (this.queue.get(key) === waiting) this.queue.delete(key);
      } catch (error) {
        this.#unplace(waiting, pod);
        throw error;
      }
      this.#options.events?.tell(resources.pods, pod, {
        source: this.#name,
        type: 'Normal',
        reason: 'Scheduled',
        message: `Successfully assigned ${key} to ${nodeName}`,
      });
    });
  }

  async #bind(pod: Stored<Pod>, nodeName: string): Promise<void> {
    const { uid } = pod.metadata;
    const place = { ...nameOf(pod), subresource: 'binding' } as const;
    await this.#client.post(resources.pods, place, {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { ...nameOf(pod), uid },
      target: { kind: 'Node', name: nodeName },
    });
  }

  /** The server did not take it: the pod waits again, unless it has a node or is gone by now. */
  #unplace(waiting: WaitingPod, pod: Pod): void {
    const { key } = waiting;
    this.#forget(key, pod);
    const placed = this.engine.cluster.podOf(key);
    if (placed?.pod === pod) {
      this.engine.cluster.removePod(key);
      this.happened({ kind: 'podGone', facts: placed.facts, slot: placed.slot });
    }
    this.queue.defer(waiting);
  }

  /** Another pod may have its name by now. */
  #forget(key: string, pod: Pod): void {
    if (this.#assumed.get(key) === pod) this.#assumed.delete(key);
  }

  #refuse(waiting: WaitingPod, refusal: Refusal): void {
    const { message, preemption, rules, facts, keepsNomination } = refusal;
    const pod = waiting.pod as Stored<Pod>;
    const { cluster, nominations } = this.engine;
    this.#options.events?.tell(resources.pods, pod, {
      source: this.#name,
      type: 'Warning',
      reason: 'FailedScheduling',
      message,
    });
    let nominatedNodeName = keepsNomination ? undefined : '';
    if (preemption !== undefined) {
      nominatedNodeName = preemption.nodeName;
      nominations.add(cluster.draftPod(pod, nominatedNodeName));
      this.#start('preemption', () => this.#makeRoom(pod, preemption));
    } else if (!keepsNomination) nominations.delete(waiting.key);
    this.#start('status of a pod', () => {
      const nowMs = this.#clock.now();
      const report = { reason: 'Unschedulable', message, nominatedNodeName, nowMs } as const;
      return reportPod(this.#client, pod, report);
    });
    const status = { ...pod.status, nominatedNodeName };
    if (nominatedNodeName !== undefined) waiting.pod = { ...pod, status };
    this.queue.fail(waiting, { rules, facts });
  }

  async #makeRoom(pod: Stored<Pod>, room: NonNullable<Refusal['preemption']>): Promise<void> {
    const { events } = this.#options;
    const nowMs = this.#clock.now();
    for (const { key, pod: displaced } of room.displaced) {
      this.engine.nominations.delete(key);
      const message = displaced.status?.conditions?.find((one) => one.type === 'PodScheduled');
      await reportPod(this.#client, displaced as Stored<Pod>, {
        reason: 'Unschedulable',
        message: message?.message ?? '',
        nominatedNodeName: '',
        nowMs,
      });
    }
    await evictVictims({ client: this.#client, events, source: this.#name, nowMs }, pod, room);
  }

  /** Goes on by itself; a failure is told, and what it was about comes with the next event. */
  #start(what: string, run: () => Promise<void>): void {
    const work = run()
      .catch((error: unknown) => this.#options.onError?.(what, error))
      .finally(() => this.#underWay.delete(work));
    this.#underWay.add(work);
  }
}
