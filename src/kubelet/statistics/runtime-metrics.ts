import { isDomainError } from '../../base/error.ts';
import { type Metric, type MetricDescriptor, MetricType } from '../../cri/generated/runtime.ts';
import type { ContainerRuntime } from '../runtime/container-runtime.ts';
import { familyText, type Sample } from './exposition.ts';

export type MetricRuntime = Pick<ContainerRuntime, 'metricDescriptors' | 'podMetrics'>;

/** What Prometheus takes for a name; a runtime's word is not ours. */
const isName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/**
 * The families that the runtime itself measures, by cAdvisor's names, but those that `known` has
 * already: the protocol has whole numbers alone, also for seconds. Empty with runtimes that
 * measure none.
 */
export async function runtimeMetrics(
  runtime: MetricRuntime,
  known: ReadonlySet<string>,
): Promise<string> {
  try {
    const [descriptors, pods] = await Promise.all([
      runtime.metricDescriptors(),
      runtime.podMetrics(),
    ]);
    const all = pods.flatMap(({ metrics, container_metrics: containers }) => [
      ...metrics,
      ...containers.flatMap((one) => one.metrics),
    ]);
    const byName = Map.groupBy(all, ({ name }) => name);
    return descriptors
      .filter(({ name }) => isName.test(name) && !known.has(name))
      .map((descriptor) => familyOf(descriptor, byName.get(descriptor.name) ?? []))
      .join('');
  } catch (error) {
    if (isDomainError(error, 'unsupported')) return '';
    throw error;
  }
}

function familyOf(
  { name, help, label_keys: keys }: MetricDescriptor,
  metrics: readonly Metric[],
): string {
  const isCounter = metrics[0]?.metric_type === MetricType.COUNTER;
  const type = isCounter ? 'counter' : 'gauge';
  const words = help.replaceAll(/\s+/g, ' ');
  return familyText({ name, help: words, type }, metrics.map(sampleBy(keys)));
}

function sampleBy(keys: readonly string[]): (metric: Metric) => Sample {
  return ({ label_values: values, value, timestamp }) => ({
    labels: Object.fromEntries(
      keys.flatMap((key, at) => (isName.test(key) ? [[key, values[at] ?? '']] : [])),
    ),
    value: value?.value,
    ...(timestamp > 0 && { atMs: timestamp / 1e6 }),
  });
}
