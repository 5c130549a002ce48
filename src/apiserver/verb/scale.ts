import { type Draft, type JsonObject, isObject, objectIn } from '../../api/json.ts';
import { selectorText, labelsText } from '../../api/table/column.ts';
import { badRequest } from '../../api/status.ts';
import { metadataOf } from '../object-text.ts';

/** How many there shall be and are: what `kubectl scale` and autoscalers see of a workload. */
export function scaleOf(object: JsonObject): JsonObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadataOf(object);
  const { replicas = 0, selector } = objectIn(object, 'spec');
  const present = objectIn(object, 'status')['replicas'] ?? 0;
  const labels = isObject(selector) ? selector : {};
  // A ReplicationController's selector is labels alone.
  const words =
    object['kind'] === 'ReplicationController' ? labelsText(labels) : selectorText(labels);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas },
    status: { replicas: present, ...(words !== '<none>' && { selector: words }) },
  };
}

/** The number that a scale asks for. Throws `BadRequest`. */
export function wantedReplicas(scale: JsonObject): number {
  const { replicas = 0 } = objectIn(scale, 'spec');
  if (typeof replicas !== 'number' || !Number.isInteger(replicas) || replicas < 0) {
    throw badRequest(
      `Scale.autoscaling is invalid: spec.replicas: Invalid value: ${JSON.stringify(replicas)}: ` +
        'must be greater than or equal to 0',
    );
  }
  return replicas;
}

/** The workload with as many as a scale says, of the revision that it names. */
export function withScale(object: JsonObject, scale: JsonObject): JsonObject {
  const replicas = wantedReplicas(scale);
  const metadata: Draft = { ...metadataOf(object) };
  const { resourceVersion } = objectIn(scale, 'metadata');
  if (resourceVersion !== undefined) metadata['resourceVersion'] = resourceVersion;
  return { ...object, metadata, spec: { ...objectIn(object, 'spec'), replicas } };
}
