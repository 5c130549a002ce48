import { applyDefaults } from '../../api/default/apply-defaults.ts';
import { toStored } from '../../api/convert/convert.ts';
import {
  copyOf,
  type Draft,
  equal,
  isList,
  type JsonObject,
  objectIn,
  textOf,
} from '../../api/json.ts';
import type { Kind, Subresource } from '../../api/kind.ts';
import { storedKind } from '../../api/kinds.ts';
import { messageType, typeOfKind } from '../../api/schema/schema.ts';
import { badRequest, modified } from '../../api/status.ts';
import { invalidObject } from '../../api/validate/fault.ts';
import { faultsOf } from '../../api/validate/validate.ts';
import type { Api, WriteOptions } from '../api.ts';
import { type Author, recordUpdate } from '../../api/apply/manage.ts';
import { authorNow } from '../author.ts';
import { carryMetadata, hasFinalizers, isDeleting } from '../metadata.ts';
import { metadataOf, revisionOf } from '../object-text.ts';
import type { Place } from '../registry.ts';
import { partOf } from '../part.ts';
import { type Strategy, strategyOf } from '../strategy.ts';
import { definitionKind } from '../custom/definitions.ts';
import { checkNamespace } from './create.ts';

export interface UpdateRequest {
  /** As the path has it; its kind is the version asked for. */
  readonly place: Place;
  readonly subresource: Subresource | undefined;
  /** What shall be, from what is there; both in the version of the path. */
  readonly change: (old: JsonObject) => Promise<JsonObject>;
  readonly fromStored: (object: JsonObject) => JsonObject;
  /** The change itself says who manages what, as server-side apply does. */
  readonly manages?: boolean;
}

/** Changes an object, and answers with its stored form. */
export async function updateObject(
  api: Api,
  request: UpdateRequest,
  options: WriteOptions,
): Promise<JsonObject> {
  const kind = storedKind(request.place.kind);
  const place = { ...request.place, kind };
  let finished: JsonObject | undefined;
  let attempted: { old: JsonObject; object: JsonObject } | undefined;
  const apply = async (old: JsonObject): Promise<JsonObject> => {
    const wanted = await request.change(request.fromStored(old));
    const object = managed(
      request,
      { old, object: prepare(request, { old, wanted }) },
      authorOf(request, { options, now: api.now() }),
    );
    const { subresource } = request;
    const { user } = options;
    check({ kind, checked: request.place.kind, object, old }, subresource);
    await api.gate.admit({ operation: 'update', place, subresource, object, old, user });
    if (subresource !== 'status') await api.quotas.check({ place, object, old });
    if (kind.builtIn === 'Service' && !options.dryRun) {
      api.services.release(attempted?.object, old);
      await api.services.allocate(object, old);
      attempted = { old, object };
    }
    if (kind.builtIn === 'Service' && options.dryRun) {
      await api.services.allocate(object, old);
      api.services.release(object, old);
    }
    // The last finalizer of a deleted object has gone: so does the object.
    finished = isDeleting(old) && isOver(kind, object) ? object : undefined;
    return object;
  };
  if (options.dryRun) return await apply(await api.registry.get(place));
  const write = () => api.registry.update(place, apply);
  const change = kind.builtIn === 'Service' ? () => api.services.alone(write) : write;
  const updated = await (
    request.subresource === 'status' ? write() : api.quotas.alone(place, change)
  ).catch((error: unknown) => {
    api.services.release(attempted?.object, attempted?.old);
    throw error;
  });
  api.services.release(attempted?.old, finished === undefined ? updated : undefined);
  if (finished !== undefined) await api.registry.remove(place, updated);
  if (finished !== undefined || mayFree(kind)) api.quotas.touch(place.namespace);
  if (kind.builtIn === definitionKind) await api.definitions.settle();
  return updated;
}

/** A change of it may leave more of a quota: a pod has ended, a service needs fewer ports. */
function mayFree({ builtIn }: Kind): boolean {
  return ['Pod', 'Service', 'PersistentVolumeClaim', 'ResourceQuota'].includes(builtIn);
}

function managed(
  { place, manages }: UpdateRequest,
  { old, object }: { readonly old: JsonObject; readonly object: Draft },
  author: Author,
): Draft {
  if (manages === true) return object;
  return recordUpdate(typeOfKind(storedKind(place.kind)), { old, object }, author);
}

function authorOf(
  { place, subresource }: Pick<UpdateRequest, 'place' | 'subresource'>,
  { options, now }: { readonly options: WriteOptions; readonly now: Date },
): Author {
  return authorNow(options, { kind: place.kind, subresource: subresource ?? '', now });
}

/** Nothing holds a deleted object any more. */
function isOver(kind: Kind, object: JsonObject): boolean {
  const grace = metadataOf(object)['deletionGracePeriodSeconds'];
  if (hasFinalizers(object) || (grace !== undefined && grace !== 0)) return false;
  // A namespace goes when what was in it is gone.
  const own = objectIn(object, 'spec')['finalizers'];
  return kind.builtIn !== 'Namespace' || !isList(own) || own.length === 0;
}

function prepare(
  { place, subresource }: UpdateRequest,
  { old, wanted }: { readonly old: JsonObject; readonly wanted: JsonObject },
): Draft {
  const kind = storedKind(place.kind);
  const stored = copyOf(toStored(place.kind, wanted));
  checkNamespace(stored, kind, place.namespace);
  checkName(stored, place);
  checkRevision({ kind, object: stored, old });
  carryMetadata(kind, stored, old);
  const part = partOf(subresource);
  const object = part === undefined ? stored : copyOf(part.take(stored, old));
  const strategy = strategyOf(kind);
  if (subresource === 'status') keepAllButStatus(object, old);
  else if (strategy.ownStatus && part === undefined) restore(object, old, 'status');
  if (subresource === undefined) strategy.prepareUpdate?.(object, old);
  if (subresource === 'status' && kind.custom !== undefined) keepMetadata(object, old);
  if (kind.custom === undefined) applyDefaults(messageType(kind.type), object);
  if (strategy.counts && hasChanged(strategy, object, old)) countChange(object, old);
  return object;
}

function checkName(object: Draft, { name }: Place): void {
  const metadata = metadataOf(object);
  const given = textOf(metadata['name']);
  if (given !== '' && given !== name) {
    throw badRequest(
      `the name of the object (${given}) does not match the name on the URL (${name})`,
    );
  }
  metadata['name'] = name;
}

interface Change {
  readonly kind: Kind;
  readonly object: Draft;
  readonly old: JsonObject;
}

/** Who names the revision that the change is of does not want to undo another's. */
function checkRevision({ kind, object, old }: Change): void {
  const given = textOf(metadataOf(object)['resourceVersion']);
  if (given === '' || given === '0' || given === revisionOf(old)) return;
  throw modified(kind, textOf(metadataOf(old)['name']));
}

function check(
  { kind, checked, object, old }: Change & { readonly checked: Kind },
  subresource: Subresource | undefined,
): void {
  const rule = partOf(subresource)?.check ?? strategyOf(kind).checkUpdate;
  const faults = [...faultsOf(kind.custom === undefined ? kind : checked, object, old)];
  // Defaults may have been fewer when the old one was stored.
  if ((rule?.(object, old) ?? []).length > 0) {
    const before = copyOf(old);
    applyDefaults(messageType(kind.type), before);
    faults.push(...(rule?.(object, before) ?? []));
  }
  if (faults.length > 0) throw invalidObject(kind, textOf(metadataOf(object)['name']), faults);
}

function keepAllButStatus(object: Draft, old: JsonObject): void {
  for (const field of new Set([...Object.keys(object), ...Object.keys(old)])) {
    if (field !== 'status' && field !== 'metadata') restore(object, old, field);
  }
}

function restore(object: Draft, old: JsonObject, field: string): void {
  if (old[field] === undefined) Reflect.deleteProperty(object, field);
  else object[field] = old[field];
}

/** The metadata of an object whose status alone is meant. */
function keepMetadata(object: Draft, old: JsonObject): void {
  const { resourceVersion, managedFields } = metadataOf(object);
  object['metadata'] = {
    ...metadataOf(old),
    ...(resourceVersion !== undefined && { resourceVersion }),
    ...(managedFields !== undefined && { managedFields }),
  };
}

function hasChanged(strategy: Strategy, object: JsonObject, old: JsonObject): boolean {
  if (strategy.countsAll !== true) return !equal(object['spec'], old['spec']);
  const { metadata: _new, status, apiVersion: _own, kind: _name, ...now } = object;
  const { metadata: _old, status: before, apiVersion: _other, kind: _known, ...then } = old;
  return !equal(now, then) || (!strategy.ownStatus && !equal(status, before));
}

function countChange(object: Draft, old: JsonObject): void {
  const { generation } = metadataOf(old);
  metadataOf(object)['generation'] = (typeof generation === 'number' ? generation : 0) + 1;
}
