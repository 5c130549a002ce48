import type { Stored } from '../../../api/client/client.ts';
import { parseQuantity, wholeValue } from '../../../api/quantity.ts';
import type { Pod } from '../../../api/types/generated/core-v1.ts';
import { sleep } from '../../../base/clock.ts';
import { isCritical } from '../../pod/admit-pod.ts';
import type { NodePods, PodFailure } from '../../pod/node-pods.ts';
import { type PodUse, readPodUse, sum, memoryOf } from '../../statistics/pod-use.ts';
import type { PodVolumes } from '../../volume/pod-volumes.ts';
import type { NodeStateOptions } from '../node-options.ts';
import { allocatableOf, type NodeResources } from '../node-resources.ts';
import type { Pressure } from '../node-state.ts';
import type { ImageCollector } from '../room/image-collector.ts';
import { thresholdOf } from '../threshold.ts';
import { findPlaces, observeNode, type Observations, type Places } from './observe.ts';
import { binary, larger, rankPods } from './rank.ts';
import { isBounded, overLimit } from './storage-limits.ts';
import { isOfDisk, metThresholds, resourceOf, type Threshold, thresholdsOf } from './threshold.ts';

export interface EvictorOptions {
  readonly node: NodeStateOptions;
  readonly pods: NodePods;
  readonly volumes: PodVolumes | undefined;
  readonly images: ImageCollector;
  readonly capacity: () => NodeResources;
  /** Pressure has come or gone. */
  readonly changed: () => void;
}

/** Until an evicted pod has ended, the next one stays. */
const patienceMs = 30_000;

/** Keeps the node above its thresholds: makes room first, and then ends pods, one at a time. */
export class Evictor {
  readonly #options: EvictorOptions;
  readonly #thresholds: readonly Threshold[];
  /** Since when each has been met. */
  readonly #since = new Map<Threshold, number>();
  /** When each kind of pressure was last seen. */
  readonly #pressedAt = new Map<keyof Pressure, number>();
  #met: readonly Threshold[] = [];
  #places: Places | undefined;

  constructor(options: EvictorOptions) {
    this.#options = options;
    this.#thresholds = thresholdsOf(options.node.configuration);
  }

  pressure(): Pressure {
    const { clock, configuration } = this.#options.node;
    const isPressed = (kind: keyof Pressure) => {
      const at = this.#pressedAt.get(kind);
      if (at === undefined) return false;
      return clock.now() - at < configuration.evictionPressureTransitionPeriod;
    };
    return {
      memory: isPressed('memory'),
      disk: isPressed('disk'),
      processes: isPressed('processes'),
    };
  }

  /** Looks once, and ends at most one pod for want of room. True when it has ended one. */
  async look(signal: AbortSignal): Promise<boolean> {
    const { node } = this.#options;
    if (node.configuration.localStorageCapacityIsolation) await this.#evictGreedy();
    const observations = await this.#observe();
    const before = this.pressure();
    const due = this.#due(observations);
    const after = this.pressure();
    if (Object.keys(after).some((kind) => isOtherwise(kind, before, after))) {
      this.#options.changed();
    }
    const [first] = due.toSorted((left, right) => urgency(left) - urgency(right));
    if (first === undefined) return false;
    const resource = resourceOf(first.signal);
    const message = `Attempting to reclaim ${resource}`;
    node.tell({ type: 'Warning', reason: 'EvictionThresholdMet', message });
    if (isOfDisk(first.signal) && (await this.#reclaim(due))) return false;
    return await this.#evictFor(first, observations, signal);
  }

  /** Those that have been met for as long as their grace, also while it is not far enough above. */
  #due(observations: Observations): readonly Threshold[] {
    const { clock } = this.#options.node;
    const now = clock.now();
    const met = new Set([
      ...metThresholds(this.#thresholds, observations, false),
      ...metThresholds(this.#met, observations, true),
    ]);
    this.#met = [...met];
    for (const threshold of this.#since.keys()) {
      if (!met.has(threshold)) this.#since.delete(threshold);
    }
    for (const threshold of met) {
      if (!this.#since.has(threshold)) this.#since.set(threshold, now);
      const kind = pressureOf(threshold.signal);
      this.#pressedAt.set(kind, now);
    }
    return this.#met.filter(
      (threshold) => now - (this.#since.get(threshold) ?? now) >= threshold.graceMs,
    );
  }

  async #observe(): Promise<Observations> {
    const { node } = this.#options;
    this.#places ??= await findPlaces(node.runtime);
    const observed = await observeNode(node.root, this.#places);
    if (!this.#thresholds.some(({ signal }) => signal === 'allocatableMemory.available')) {
      return observed;
    }
    const text = allocatableOf(this.#options.capacity(), node.configuration).get('memory') ?? '0';
    const capacity = wholeValue(parseQuantity(text));
    const used = sum((await this.#uses(false)).map(memoryOf));
    const own = ['allocatableMemory.available', { available: capacity - used, capacity }] as const;
    return new Map([...observed, own]);
  }

  /** True when there is room again without anybody's end. */
  async #reclaim(due: readonly Threshold[]): Promise<boolean> {
    await this.#options.images.collectAll();
    const observations = await this.#observe();
    return metThresholds(due, observations, true).length === 0;
  }

  async #evictFor(
    threshold: Threshold,
    observations: Observations,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { configuration } = this.#options.node;
    const resource = resourceOf(threshold.signal);
    const uses = await this.#uses(isOfDisk(threshold.signal));
    const [use] = rankPods(
      uses.filter(({ pod }) => !isCritical(pod)),
      resource,
    );
    if (use === undefined) return false;
    const graceSeconds = threshold.isHard ? 0 : configuration.evictionMaxPodGracePeriod;
    const failure = {
      reason: 'Evicted',
      message: messageFor(threshold, observations) + larger(use, resource),
      graceSeconds,
    };
    await this.#end(use, failure);
    await this.#ended(use.pod.metadata.uid, signal);
    return true;
  }

  /** Pods that have used up what they themselves set as their bound. */
  async #evictGreedy(): Promise<void> {
    const bounded = this.#options.pods.list().filter(isBounded);
    if (bounded.length === 0) return;
    for (const use of await this.#uses(true, bounded)) {
      const failure = isCritical(use.pod) ? undefined : overLimit(use);
      if (failure !== undefined) await this.#end(use, { ...failure, graceSeconds: 0 });
    }
  }

  async #end({ pod }: PodUse, failure: PodFailure): Promise<void> {
    const { node, pods } = this.#options;
    const { uid, name } = pod.metadata;
    node.log.warn({ pod: name, reason: failure.message }, 'evicting a pod');
    const { reason, message } = failure;
    node.tell({ podUid: uid, type: 'Warning', reason, message });
    await pods.fail(uid, failure);
  }

  async #ended(uid: string, signal: AbortSignal): Promise<void> {
    const { node, pods } = this.#options;
    const over = new AbortController();
    const late = AbortSignal.any([signal, over.signal]);
    await Promise.race([pods.ended(uid, late), sleep(node.clock, patienceMs, late)]);
    over.abort();
  }

  async #uses(disk: boolean, of?: readonly Stored<Pod>[]): Promise<readonly PodUse[]> {
    const { node, pods, volumes } = this.#options;
    const { runtime, configuration } = node;
    const uses = await readPodUse(
      { runtime, pods, volumes, logs: configuration.podLogsDir },
      { disk, ...(of !== undefined && { of }) },
    );
    return uses.filter(({ pod }) => !/^(Failed|Succeeded)$/.test(pod.status?.phase ?? ''));
  }
}

function isOtherwise(kind: string, before: Pressure, after: Pressure): boolean {
  return Object(before)[kind] !== Object(after)[kind];
}

function pressureOf(signal: string): keyof Pressure {
  if (isOfDisk(signal)) return 'disk';
  return signal === 'pid.available' ? 'processes' : 'memory';
}

/** Memory runs out in a moment, disks in minutes. */
function urgency({ signal }: Threshold): number {
  if (pressureOf(signal) === 'memory') return 0;
  return pressureOf(signal) === 'processes' ? 1 : 2;
}

function messageFor({ signal, value }: Threshold, observations: Observations): string {
  const low = `The node was low on resource: ${resourceOf(signal)}. `;
  const observed = observations.get(signal);
  if (observed === undefined) return low;
  const isCount = signal === 'pid.available' || signal.endsWith('.inodesFree');
  const text = (amount: number) => (isCount ? String(amount) : binary(amount));
  const quantity = value.endsWith('%') ? text(thresholdOf(value, observed.capacity)) : value;
  return `${low}Threshold quantity: ${quantity}, available: ${text(observed.available)}. `;
}
