import { isList, type JsonObject, objectIn } from '../../api/json.ts';
import { ApiError } from '../../api/status.ts';
import { storedKindOf } from '../../api/custom/kinds-of-definition.ts';
import { cleanup } from '../../api/custom/names.ts';
import type { Api } from '../api.ts';
import { isDeleting } from '../metadata.ts';
import { decodeObject, metadataOf } from '../object-text.ts';
import { ownWrites } from '../own-writes.ts';
import { placeOf } from '../registry.ts';
import { deleteObject } from '../verb/delete.ts';
import { updateObject } from '../verb/update.ts';
import { kindOfDefinitions } from './definitions.ts';

/**
 * Deletes the objects of a definition that is deleted, and lets it go when none is left. Tells
 * whether it is over.
 */
export async function emptyDefinition(api: Api, definition: JsonObject): Promise<boolean> {
  const place = placeOf(kindOfDefinitions(), definition);
  const current = await api.registry.find(place);
  const { uid } = metadataOf(definition);
  if (current === undefined || metadataOf(current)['uid'] !== uid) return true;
  if (!isDeleting(current)) return true;
  if (!(await isEmptied(api, current))) return false;
  await updateObject(
    api,
    {
      place,
      subresource: undefined,
      change: async (old) => (metadataOf(old)['uid'] === uid ? withoutCleanup(old) : old),
      fromStored: (object) => object,
    },
    ownWrites,
  ).catch(ignoreAbsent);
  return true;
}

async function isEmptied(api: Api, definition: JsonObject): Promise<boolean> {
  const plain = storedKindOf(definition);
  if (plain === undefined) return true;
  const { group, version, plural } = plain;
  const kind = api.customs.findResource(`${group}/${version}`, plural) ?? plain;
  const deletion = {
    gracePeriodSeconds: undefined,
    propagationPolicy: undefined,
    preconditions: {},
    dryRun: false,
    user: ownWrites.user,
  };
  for (let after: string | undefined; ;) {
    const page = await api.registry.store.list(plain.prefix, after === undefined ? {} : { after });
    for (const entry of page.entries) {
      const object = decodeObject(entry);
      if (isDeleting(object)) continue;
      await deleteObject(api, placeOf(kind, object), deletion).catch(ignoreAbsent);
    }
    after = page.entries.at(-1)?.key;
    if (!page.more || after === undefined) break;
  }
  return (await api.registry.store.count(plain.prefix)) === 0;
}

function withoutCleanup(definition: JsonObject): JsonObject {
  const metadata = objectIn(definition, 'metadata');
  const { finalizers } = metadata;
  const left = isList(finalizers) ? finalizers.filter((word) => word !== cleanup) : [];
  return { ...definition, metadata: { ...metadata, finalizers: left } };
}

function ignoreAbsent(error: unknown): void {
  if (!(error instanceof ApiError) || error.reason !== 'NotFound') throw error;
}
