import { type Draft, isList, isObject, type Json, type JsonObject, objectIn } from '../json.ts';

/** What v1 has no field for it keeps in these, so that nothing is lost on the way back. */
const kept = {
  metrics: 'autoscaling.alpha.kubernetes.io/metrics',
  behavior: 'autoscaling.alpha.kubernetes.io/behavior',
} as const;

/** v1 knows one target: the use of processors, in percent. */
export function autoscalerToStored(object: JsonObject): JsonObject {
  const metadata = objectIn(object, 'metadata');
  const { targetCPUUtilizationPercentage: percent, ...spec } = objectIn(object, 'spec');
  const {
    [kept.metrics]: metricsText,
    [kept.behavior]: behaviorText,
    ...annotations
  } = objectIn(metadata, 'annotations');
  const others = parsed(metricsText);
  const metrics = [
    ...(typeof percent === 'number' ? [processorTarget(percent)] : []),
    ...(isList(others) ? others : []),
  ];
  const behavior = parsed(behaviorText);
  return {
    ...object,
    metadata: withAnnotations(metadata, annotations),
    spec: {
      ...spec,
      ...(metrics.length > 0 && { metrics }),
      ...(isObject(behavior) && { behavior }),
    },
    ...(object['status'] !== undefined && { status: statusToStored(objectIn(object, 'status')) }),
  };
}

export function autoscalerFromStored(object: JsonObject): JsonObject {
  const metadata = objectIn(object, 'metadata');
  const { metrics, behavior, ...spec } = objectIn(object, 'spec');
  const list = isList(metrics) ? metrics : [];
  const first = list.find((metric) => processorPercent(metric) !== undefined);
  const others = list.filter((metric) => metric !== first);
  const annotations: Draft = { ...objectIn(metadata, 'annotations') };
  if (others.length > 0) annotations[kept.metrics] = JSON.stringify(others);
  if (behavior !== undefined) annotations[kept.behavior] = JSON.stringify(behavior);
  const percent = first === undefined ? undefined : processorPercent(first);
  return {
    ...object,
    metadata: withAnnotations(metadata, annotations),
    spec: { ...spec, ...(percent !== undefined && { targetCPUUtilizationPercentage: percent }) },
    ...(object['status'] !== undefined && {
      status: statusFromStored(objectIn(object, 'status')),
    }),
  };
}

function withAnnotations(metadata: JsonObject, annotations: JsonObject): JsonObject {
  const { annotations: _old, ...rest } = metadata;
  return Object.keys(annotations).length === 0 ? rest : { ...rest, annotations };
}

function processorTarget(averageUtilization: number): JsonObject {
  const target = { type: 'Utilization', averageUtilization };
  return { type: 'Resource', resource: { name: 'cpu', target } };
}

function processorPercent(metric: Json): number | undefined {
  const resource = isObject(metric) ? objectIn(metric, 'resource') : {};
  const percent = objectIn(resource, 'target')['averageUtilization'];
  return resource['name'] === 'cpu' && typeof percent === 'number' ? percent : undefined;
}

function statusToStored(status: JsonObject): JsonObject {
  const { currentCPUUtilizationPercentage: percent, ...rest } = status;
  if (typeof percent !== 'number') return rest;
  const resource = { name: 'cpu', current: { averageUtilization: percent } };
  return { ...rest, currentMetrics: [{ type: 'Resource', resource }] };
}

function statusFromStored(status: JsonObject): JsonObject {
  const { currentMetrics, conditions: _conditions, ...rest } = status;
  for (const metric of isList(currentMetrics) ? currentMetrics : []) {
    const resource = isObject(metric) ? objectIn(metric, 'resource') : {};
    const percent = objectIn(resource, 'current')['averageUtilization'];
    if (resource['name'] === 'cpu' && typeof percent === 'number') {
      return { ...rest, currentCPUUtilizationPercentage: percent };
    }
  }
  return rest;
}

/** Anybody can write an annotation. */
function parsed(text: Json | undefined): Json | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
