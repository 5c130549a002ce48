import { keyOf, type Stored } from '../../api/client/client.ts';
import type { Informer } from '../../api/client/informer.ts';
import { type PodMetrics, podMetrics } from '../../api/client/pod-metrics.ts';
import { type ApiObject, type Resource, resources } from '../../api/client/resources.ts';
import { equal, type JsonObject } from '../../api/json.ts';
import { parseQuantity } from '../../api/quantity.ts';
import { matchesLabels, readLabelSelector } from '../../api/selector/label-selector.ts';
import { selectorText } from '../../api/table/column.ts';
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerCondition,
  HorizontalPodAutoscalerStatus,
} from '../../api/types/generated/autoscaling-v2.ts';
import { messageOf } from '../../base/error.ts';
import type { Cluster } from '../cluster.ts';
import { withCondition } from '../condition.ts';
import type { Controller } from '../control-loop.ts';
import { podsOf } from '../pods.ts';
import type { WorkQueue } from '../work-queue.ts';
import { type Demand, demandOf } from './demand.ts';
import { type History, pace } from './pace.ts';

type Autoscaler = Stored<HorizontalPodAutoscaler>;

/** What is scaled: all of them have these fields. */
type Scaled = ApiObject & {
  readonly spec: {
    readonly replicas?: number | undefined;
    readonly selector?: JsonObject | undefined;
  };
  readonly status?: { readonly replicas?: number | undefined } | undefined;
};

const periodMs = 15_000;
const noHistory: History = { wishes: [], changes: [] };
const usualMetrics = [
  {
    type: 'Resource',
    resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
  },
] as const;

/** Has as many pods as bring what each uses to what its autoscaler says. */
export class HorizontalAutoscaler implements Controller {
  readonly name = 'horizontal-pod-autoscaler';
  readonly #cluster: Cluster;
  readonly #autoscalers;
  readonly #pods;
  readonly #targets: ReadonlyMap<string, Target>;
  readonly #histories = new Map<string, History>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#autoscalers = cluster.informer(resources.horizontalPodAutoscalers);
    this.#pods = podsOf(cluster);
    this.#targets = new Map<string, Target>(
      [
        resources.deployments,
        resources.replicaSets,
        resources.statefulSets,
        resources.replicationControllers,
      ].map((resource) => {
        const scaled = resource as Resource<Scaled>;
        return [resource.kind.kind, { resource: scaled, informer: cluster.informer(scaled) }];
      }),
    );
  }

  get needs() {
    const targets = [...this.#targets.values()].map(({ informer }) => informer);
    return [this.#autoscalers, this.#pods, ...targets];
  }

  watch(queue: WorkQueue): void {
    this.#autoscalers.onChange((now, before) => {
      if (now !== undefined && before !== undefined && equal(now.spec, before.spec)) return;
      const changed = now ?? before;
      if (changed !== undefined) queue.add(keyOf(changed));
    });
  }

  async reconcile(key: string): Promise<number | undefined> {
    const autoscaler = this.#autoscalers.getByKey(key);
    if (autoscaler === undefined) {
      this.#histories.delete(key);
      return undefined;
    }
    const status = await this.#statusOf(autoscaler, key);
    if (!equal(status, autoscaler.status)) {
      await this.#cluster.updateStatus(resources.horizontalPodAutoscalers, {
        ...autoscaler,
        status,
      });
    }
    return periodMs;
  }

  async #statusOf(autoscaler: Autoscaler, key: string): Promise<HorizontalPodAutoscalerStatus> {
    const { spec, status: old, metadata } = autoscaler;
    const { kind, name } = spec.scaleTargetRef;
    const target = this.#targets.get(kind);
    const scaled = target?.informer.get(metadata.namespace ?? '', name);
    const conditions = new Conditions(old?.conditions ?? [], this.#cluster.time());
    const { generation } = metadata;
    const base = { ...old, ...(generation !== undefined && { observedGeneration: generation }) };
    if (target === undefined || scaled === undefined) {
      const what = `${kind} "${name}" not found`;
      const message = `the HPA controller was unable to get the target's current scale: ${what}`;
      conditions.set('AbleToScale', false, { reason: 'FailedGetScale', message });
      this.#tell(autoscaler, 'FailedGetScale', message);
      return { ...base, desiredReplicas: old?.desiredReplicas ?? 0, conditions: conditions.list };
    }
    const current = scaled.spec.replicas ?? 1;
    if (current === 0 && spec.minReplicas !== 0) {
      const message = 'scaling is disabled since the replica count of the target is zero';
      conditions.set('ScalingActive', false, { reason: 'ScalingDisabled', message });
      return { ...base, currentReplicas: 0, desiredReplicas: 0, conditions: conditions.list };
    }
    const demands = await this.#demandsOf(autoscaler, scaled, current);
    const wished = this.#wish(autoscaler, { demands, current, conditions });
    const least = spec.minReplicas ?? 1;
    const paced = pace(
      spec.behavior,
      { current, wished, least, most: spec.maxReplicas, nowMs: this.#cluster.now() },
      this.#histories.get(key) ?? noHistory,
    );
    const able = { reason: 'ReadyForNewScale', message: 'recommended size matches current size' };
    conditions.set('AbleToScale', true, able);
    const within = {
      reason: 'DesiredWithinRange',
      message: 'the desired count is within the acceptable range',
    };
    conditions.set('ScalingLimited', paced.limited !== undefined, paced.limited ?? within);
    const { replicas } = paced;
    if (replicas !== current) {
      await this.#scale(target.resource, scaled, replicas);
      const message = `the HPA controller was able to update the target scale to ${replicas}`;
      conditions.set('AbleToScale', true, { reason: 'SucceededRescale', message });
      this.#tell(
        autoscaler,
        'SuccessfulRescale',
        `New size: ${replicas}; reason: ${reasonOf(demands, { current, replicas })}`,
      );
    }
    this.#histories.set(key, paced.history);
    return {
      ...base,
      currentReplicas: scaled.status?.replicas ?? current,
      desiredReplicas: replicas,
      currentMetrics: demands.flatMap((demand) => ('status' in demand ? [demand.status] : [])),
      conditions: conditions.list,
      ...(replicas !== current && { lastScaleTime: this.#cluster.time() }),
    };
  }

  async #demandsOf(
    { spec, metadata }: Autoscaler,
    scaled: Stored<Scaled>,
    current: number,
  ): Promise<readonly Demand[]> {
    const namespace = metadata.namespace ?? '';
    const words = selectorOf(scaled);
    const selector = readLabelSelector(words);
    const pods = this.#pods
      .list(namespace)
      .filter((pod) => matchesLabels(selector, pod.metadata.labels ?? {}));
    const labelSelector = selectorText(words);
    let measured: readonly Stored<PodMetrics>[];
    try {
      const listed = await this.#cluster.client.list(podMetrics(), { namespace, labelSelector });
      measured = listed.items;
    } catch (error) {
      const message = `unable to get metrics: ${messageOf(error)}`;
      return [{ reason: 'FailedGetResourceMetric', message }];
    }
    const metrics = new Map(measured.map((one) => [one.metadata.name, one]));
    const { scaleUp, scaleDown } = spec.behavior ?? {};
    const tolerance = { up: share(scaleUp?.tolerance), down: share(scaleDown?.tolerance) };
    const observed = { current, pods, metrics, nowMs: this.#cluster.now(), tolerance };
    const wanted = spec.metrics?.length ? spec.metrics : usualMetrics;
    return wanted.map((metric) => demandOf(metric, observed));
  }

  /** The largest of what the metrics say; where one says nothing, no pod is taken away. */
  #wish(
    autoscaler: Autoscaler,
    {
      demands,
      current,
      conditions,
    }: { demands: readonly Demand[]; current: number; conditions: Conditions },
  ): number {
    const failure = demands.find((demand) => 'reason' in demand);
    const replicas = demands.flatMap((demand) => ('replicas' in demand ? [demand.replicas] : []));
    const most = Math.max(...replicas);
    if (failure !== undefined && 'reason' in failure && (replicas.length === 0 || most < current)) {
      const message = `the HPA was unable to compute the replica count: ${failure.message}`;
      conditions.set('ScalingActive', false, { ...failure, message });
      this.#tell(autoscaler, failure.reason, failure.message);
      return current;
    }
    const message = 'the HPA was able to successfully calculate a replica count';
    conditions.set('ScalingActive', true, { reason: 'ValidMetricFound', message });
    return most;
  }

  async #scale(
    resource: Resource<Scaled>,
    scaled: Stored<Scaled>,
    replicas: number,
  ): Promise<void> {
    await this.#cluster.update(resource, { ...scaled, spec: { ...scaled.spec, replicas } });
  }

  #tell(autoscaler: Autoscaler, reason: string, message: string): void {
    const type = reason === 'SuccessfulRescale' ? 'Normal' : 'Warning';
    const happening = { source: this.name, type, reason, message } as const;
    this.#cluster.events.tell(resources.horizontalPodAutoscalers, autoscaler, happening);
  }
}

interface Target {
  readonly resource: Resource<Scaled>;
  readonly informer: Informer<Scaled>;
}

class Conditions {
  list: readonly HorizontalPodAutoscalerCondition[];
  readonly #time: string;

  constructor(list: readonly HorizontalPodAutoscalerCondition[], time: string) {
    this.list = list;
    this.#time = time;
  }

  set(
    type: string,
    holds: boolean,
    words: { readonly reason: string; readonly message: string },
  ): void {
    const { reason, message } = words;
    const status = holds ? 'True' : 'False';
    const condition = { type, status, reason, message, lastTransitionTime: this.#time };
    this.list = withCondition(this.list, condition);
  }
}

/** A ReplicationController's is labels alone. */
function selectorOf({ kind, spec }: Stored<Scaled>): JsonObject {
  const selector = spec.selector ?? {};
  return kind === 'ReplicationController' ? { matchLabels: selector } : selector;
}

/** A tenth, unless somebody says otherwise. */
function share(text = '0.1'): number {
  return Number(parseQuantity(text).nano) / 1e9;
}

function reasonOf(
  demands: readonly Demand[],
  { current, replicas }: { readonly current: number; readonly replicas: number },
): string {
  if (replicas < current) return 'All metrics below target';
  const found = demands.flatMap((demand) =>
    'replicas' in demand && demand.replicas > current ? [demand.name] : [],
  );
  const [name] = found;
  return name === undefined
    ? 'Current number of replicas below Spec.MinReplicas'
    : `${name} above target`;
}
