import type { PodMetrics } from '../../api/client/pod-metrics.ts';
import { formatQuantity, milliValue, parseQuantity } from '../../api/quantity.ts';
import type { MetricSpec, MetricStatus } from '../../api/types/generated/autoscaling-v2.ts';
import { isActive, isReady, podCondition } from '../pod-state.ts';
import type { Pod } from '../stored.ts';

/** What one metric says of how many pods there should be. */
export type Demand =
  | { readonly replicas: number; readonly name: string; readonly status: MetricStatus }
  | { readonly reason: string; readonly message: string };

export interface Observed {
  readonly current: number;
  readonly pods: readonly Pod[];
  /** By the pods' names. */
  readonly metrics: ReadonlyMap<string, PodMetrics>;
  readonly nowMs: number;
  /** Differences of less are none: 0.1 is a tenth. */
  readonly tolerance: { readonly up: number; readonly down: number };
}

/** A pod that starts uses more than it will: its use of processors says nothing for so long. */
const startingMs = 300_000;
const unreadyMs = 30_000;

interface Wish {
  readonly resource: string;
  /** One container alone; all of them where it is undefined. */
  readonly container: string | undefined;
  readonly utilization: number | undefined;
  /** In thousandths. */
  readonly average: number | undefined;
}

interface Counted {
  /** Thousandths of the resource, by the names of pods that say something. */
  readonly used: ReadonlyMap<string, number>;
  readonly unready: readonly string[];
  readonly missing: readonly string[];
}

/** As many pods as bring the mean of each to what is wished. */
export function demandOf(spec: MetricSpec, observed: Observed): Demand {
  const wish = wishOf(spec);
  if (wish === undefined) {
    const message = `metrics of type ${spec.type} with such a target are not supported`;
    return { reason: 'InvalidMetricSourceType', message };
  }
  const counted = count(wish, observed);
  const reason = 'FailedGetResourceMetric';
  if (counted.used.size === 0) {
    const message =
      `failed to get ${wish.resource} utilization: ` +
      'no metrics returned from resource metrics API';
    return { reason, message };
  }
  const wants = wantsOf(wish, observed.pods);
  if (typeof wants === 'string') return { reason, message: wants };
  const replicas = replicasFor(counted, wants, observed);
  return { replicas, name: nameOf(wish), status: statusOf(spec, { wish, counted, wants }) };
}

function wishOf({ type, resource, containerResource }: MetricSpec): Wish | undefined {
  const source =
    type === 'Resource' ? resource : type === 'ContainerResource' ? containerResource : undefined;
  if (source === undefined) return undefined;
  const { averageUtilization: utilization, averageValue } = source.target;
  const average = averageValue === undefined ? undefined : milliValue(parseQuantity(averageValue));
  if (utilization === undefined && average === undefined) return undefined;
  const container = type === 'ContainerResource' ? containerResource?.container : undefined;
  return { resource: source.name, container, utilization, average };
}

function nameOf({ resource, container, utilization }: Wish): string {
  const what = utilization === undefined ? '' : ' utilization (percentage of request)';
  return container === undefined
    ? `${resource} resource${what}`
    : `container ${container} ${resource} resource${what}`;
}

function count(wish: Wish, { pods, metrics, nowMs }: Observed): Counted {
  const used = new Map<string, number>();
  const unready: string[] = [];
  const missing: string[] = [];
  for (const pod of pods.filter(isActive)) {
    const { name } = pod.metadata;
    const measured = metrics.get(name);
    const amount = measured === undefined ? undefined : amountOf(measured, wish);
    if (pod.status?.phase === 'Pending') unready.push(name);
    else if (amount === undefined || measured === undefined) missing.push(name);
    else if (wish.resource === 'cpu' && isStarting(pod, measured, nowMs)) unready.push(name);
    else used.set(name, amount);
  }
  return { used, unready, missing };
}

function amountOf({ containers }: PodMetrics, { resource, container }: Wish): number | undefined {
  const chosen = containers.filter(({ name }) => container === undefined || name === container);
  const amounts = chosen.map(({ usage }) => usage[resource]);
  if (chosen.length === 0 || amounts.includes(undefined)) return undefined;
  return amounts.reduce((sum, text) => sum + milliValue(parseQuantity(text ?? '0')), 0);
}

function isStarting(pod: Pod, { timestamp, window }: PodMetrics, nowMs: number): boolean {
  const startMs = Date.parse(pod.status?.startTime ?? '');
  const changeMs = Date.parse(podCondition(pod, 'Ready')?.lastTransitionTime ?? '');
  if (Number.isNaN(startMs) || Number.isNaN(changeMs)) return true;
  if (startMs + startingMs > nowMs) {
    return !isReady(pod) || Date.parse(timestamp) < changeMs + Number.parseFloat(window) * 1000;
  }
  return !isReady(pod) && startMs + unreadyMs > changeMs;
}

/** What each pod is wished to use, in thousandths, or why that cannot be said. */
function wantsOf(wish: Wish, pods: readonly Pod[]): ReadonlyMap<string, number> | string {
  const wants = new Map<string, number>();
  for (const pod of pods.filter(isActive)) {
    const { name, namespace } = pod.metadata;
    if (wish.utilization === undefined) {
      wants.set(name, wish.average ?? 0);
      continue;
    }
    let requested = 0;
    for (const container of pod.spec.containers) {
      if (wish.container !== undefined && container.name !== wish.container) continue;
      const text = container.resources?.requests?.[wish.resource];
      if (text === undefined) {
        return (
          `missing request for ${wish.resource} in container ${container.name} ` +
          `of Pod ${name} in namespace ${namespace}`
        );
      }
      requested += milliValue(parseQuantity(text));
    }
    wants.set(name, (requested * wish.utilization) / 100);
  }
  return wants;
}

/** Of pods that nothing is known of, the worse is thought: idle ones add none, busy ones stay. */
function replicasFor(
  { used, unready, missing }: Counted,
  wants: ReadonlyMap<string, number>,
  { current, tolerance }: Pick<Observed, 'current' | 'tolerance'>,
): number {
  const isNear = (ratio: number) =>
    ratio > 1 ? ratio - 1 <= tolerance.up : 1 - ratio <= tolerance.down;
  const ratioOf = (amounts: ReadonlyMap<string, number>): number => {
    const wanted = sum([...amounts.keys()].map((name) => wants.get(name) ?? 0));
    return wanted === 0 ? 1 : sum([...amounts.values()]) / wanted;
  };
  const ratio = ratioOf(used);
  const grows = ratio > 1;
  if (missing.length === 0 && (unready.length === 0 || !grows)) {
    return isNear(ratio) ? current : Math.ceil(rounded(ratio * used.size));
  }
  const assumed = new Map(used);
  for (const name of missing) assumed.set(name, grows ? 0 : (wants.get(name) ?? 0));
  if (grows) for (const name of unready) assumed.set(name, 0);
  const cautious = ratioOf(assumed);
  if (isNear(cautious) || cautious > 1 !== grows) return current;
  const replicas = Math.ceil(rounded(cautious * assumed.size));
  return replicas > current === grows ? replicas : current;
}

/** What is whole but for the error of floating point is not one more. */
function rounded(value: number): number {
  return Math.round(value * 1e9) / 1e9;
}

function statusOf(
  spec: MetricSpec,
  { wish, counted, wants }: { wish: Wish; counted: Counted; wants: ReadonlyMap<string, number> },
): MetricStatus {
  const { used } = counted;
  const total = sum([...used.values()]);
  const average = Math.floor(total / used.size);
  const wanted = sum([...used.keys()].map((name) => wants.get(name) ?? 0));
  const { utilization } = wish;
  const share = wanted === 0 ? 0 : Math.trunc((total * (utilization ?? 0)) / wanted);
  const format = wish.resource === 'cpu' ? 'decimal' : 'binary';
  const current = {
    averageValue: formatQuantity({ nano: BigInt(average) * 1_000_000n, format }),
    ...(utilization !== undefined && { averageUtilization: share }),
  };
  const { resource: name, container } = wish;
  return container === undefined
    ? { type: spec.type, resource: { name, current } }
    : { type: spec.type, containerResource: { name, container, current } };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
