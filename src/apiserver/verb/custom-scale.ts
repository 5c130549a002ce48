import {
  type Draft,
  isObject,
  type Json,
  type JsonObject,
  objectIn,
  textOf,
} from '../../api/json.ts';
import type { ScalePaths } from '../../api/kind.ts';
import { ApiError } from '../../api/status.ts';
import { metadataOf } from '../object-text.ts';
import { wantedReplicas } from './scale.ts';

/** The scale of an object of a definition's kind. Throws `InternalError` where it has no number. */
export function customScaleOf(paths: ScalePaths, object: JsonObject): JsonObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadataOf(object);
  const wanted = valueAt(object, paths.specReplicasPath);
  if (typeof wanted !== 'number') {
    const at = JSON.stringify(paths.specReplicasPath);
    const words = `the spec replicas field ${at} does not exist`;
    throw new ApiError('InternalError', words);
  }
  const present = valueAt(object, paths.statusReplicasPath);
  const selector =
    paths.labelSelectorPath === '' ? '' : textOf(valueAt(object, paths.labelSelectorPath));
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: wanted },
    status: {
      replicas: typeof present === 'number' ? present : 0,
      ...(selector !== '' && { selector }),
    },
  };
}

/** The object with as many as a scale says, of the revision that it names. */
export function withCustomScale(
  { specReplicasPath }: ScalePaths,
  object: JsonObject,
  scale: JsonObject,
): JsonObject {
  const metadata: Draft = { ...metadataOf(object) };
  const { resourceVersion } = objectIn(scale, 'metadata');
  if (resourceVersion !== undefined) metadata['resourceVersion'] = resourceVersion;
  const steps = stepsOf(specReplicasPath);
  return withValue({ ...object, metadata }, steps, wantedReplicas(scale));
}

function stepsOf(path: string): readonly string[] {
  return path.split('.').slice(1);
}

function valueAt(object: JsonObject, path: string): Json | undefined {
  return stepsOf(path).reduce<Json | undefined>(
    (at, step) => (isObject(at) ? at[step] : undefined),
    object,
  );
}

function withValue(
  owner: JsonObject,
  [first = '', ...rest]: readonly string[],
  value: Json,
): JsonObject {
  if (rest.length === 0) return { ...owner, [first]: value };
  return { ...owner, [first]: withValue(objectIn(owner, first), rest, value) };
}
