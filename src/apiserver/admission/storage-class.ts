import { type Draft, type JsonObject, objectIn, textOf } from '../../api/json.ts';
import { findKind } from '../../api/kinds.ts';
import type { Api } from '../api.ts';
import { metadataOf } from '../object-text.ts';

const isDefault = 'storageclass.kubernetes.io/is-default-class';
const isDefaultOfOld = 'storageclass.beta.kubernetes.io/is-default-class';
const classOfOld = 'volume.beta.kubernetes.io/storage-class';

/** A claim that names no class gets the cluster's default: of several, the newest. */
export async function fillStorageClass({ registry }: Api, claim: Draft): Promise<void> {
  const spec = claim['spec'] as Draft;
  const asked = objectIn(metadataOf(claim), 'annotations')[classOfOld];
  if (spec['storageClassName'] !== undefined || asked !== undefined) return;
  const kind = findKind('storage.k8s.io/v1', 'StorageClass');
  if (kind === undefined) return;
  const classes = (await registry.all(kind, '')).filter((entry) => {
    const annotations = objectIn(metadataOf(entry), 'annotations');
    return annotations[isDefault] === 'true' || annotations[isDefaultOfOld] === 'true';
  });
  const [newest] = classes.toSorted((left, right) => (age(left) < age(right) ? 1 : -1));
  if (newest !== undefined) spec['storageClassName'] = textOf(metadataOf(newest)['name']);
}

function age(entry: JsonObject): string {
  return textOf(metadataOf(entry)['creationTimestamp']);
}
