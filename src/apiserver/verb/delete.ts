import {
  copyOf,
  type Draft,
  isList,
  isObject,
  type JsonObject,
  objectIn,
  textOf,
} from '../../api/json.ts';
import type { Kind } from '../../api/kind.ts';
import { storedKind } from '../../api/kinds.ts';
import { badRequest, conflict, forbidden, modified } from '../../api/status.ts';
import { writeTime } from '../../api/time.ts';
import type { Api } from '../api.ts';
import { hasFinalizers, isDeleting } from '../metadata.ts';
import { metadataOf, revisionOf } from '../object-text.ts';
import { definitionKind } from '../custom/definitions.ts';
import type { Place } from '../registry.ts';
import type { User } from '../security/user.ts';
import { translated } from '../registry.ts';
import { invalidOptions } from '../write-options.ts';
import { invalid, notSupported } from '../../api/validate/fault.ts';

/** How a deletion is meant: from the body, or from the query. */
export interface Deletion {
  readonly gracePeriodSeconds: number | undefined;
  readonly propagationPolicy: 'Orphan' | 'Background' | 'Foreground' | undefined;
  readonly preconditions: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun: boolean;
  readonly user: User;
}

export interface Deleted {
  readonly object: JsonObject;
  /** False while finalizers or a grace period hold it. */
  readonly gone: boolean;
}

const mostAttempts = 20;
const keptNamespaces = new Set(['default', 'kube-system', 'kube-public']);
const ofPolicy = { Orphan: 'orphan', Foreground: 'foregroundDeletion' } as const;

/** Deletes an object, or marks it deleted while somebody still has to do something for it. */
export async function deleteObject(api: Api, place: Place, deletion: Deletion): Promise<Deleted> {
  const kind = storedKind(place.kind);
  const where = { ...place, kind };
  if (kind.builtIn === 'Namespace' && keptNamespaces.has(place.name)) {
    throw forbidden(kind, place.name, 'this namespace may not be deleted');
  }
  for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
    const old = await api.registry.get(where);
    checkPreconditions(kind, old, deletion);
    await api.gate.admit({
      operation: 'delete',
      place: where,
      subresource: undefined,
      object: undefined,
      old,
      user: deletion.user,
    });
    const marked = mark(kind, old, { deletion, now: api.now() });
    if (!isHeld(kind, marked)) {
      if (deletion.dryRun) return { object: old, gone: true };
      if (!(await api.registry.remove(where, old))) continue;
      if (kind.builtIn === 'Service') api.services.release(old);
      if (kind.builtIn === definitionKind) await api.definitions.settle();
      api.quotas.touch(place.namespace);
      return { object: old, gone: true };
    }
    if (deletion.dryRun) return { object: marked, gone: false };
    const kept = await keep(api, where, { old, marked });
    if (kept === undefined) continue;
    if (kind.builtIn === definitionKind) await api.definitions.settle();
    return { object: kept, gone: false };
  }
  throw modified(kind, place.name);
}

/** `DeleteOptions` of a body; a query says the same in its words. */
export function readDeletion(options: JsonObject, query: URLSearchParams): Omit<Deletion, 'user'> {
  const grace = options['gracePeriodSeconds'] ?? numberIn(query, 'gracePeriodSeconds');
  const policy = textOf(options['propagationPolicy']) || (query.get('propagationPolicy') ?? '');
  const orphan = options['orphanDependents'];
  const dryRun = isList(options['dryRun']) ? options['dryRun'] : query.getAll('dryRun');
  if (policy !== '' && !/^(Orphan|Background|Foreground)$/.test(policy)) {
    const known = ['Foreground', 'Background', 'Orphan', 'nil'];
    throw invalidOptions('DeleteOptions', [notSupported('propagationPolicy', policy, known)]);
  }
  if (policy !== '' && orphan !== undefined) {
    const words = 'orphanDependents and deletionPropagation cannot be both set';
    throw invalidOptions('DeleteOptions', [invalid('propagationPolicy', policy, words)]);
  }
  if (dryRun.some((word) => word !== 'All')) throw badRequest('dryRun must be "All"');
  const named = policy === '' ? undefined : (policy as 'Orphan' | 'Background' | 'Foreground');
  return {
    gracePeriodSeconds: typeof grace === 'number' && grace >= 0 ? grace : undefined,
    propagationPolicy: named ?? (orphan === true ? 'Orphan' : undefined),
    preconditions: objectIn(options, 'preconditions'),
    dryRun: dryRun.length > 0,
  };
}

function numberIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function checkPreconditions(kind: Kind, old: JsonObject, { preconditions }: Deletion): void {
  const name = textOf(metadataOf(old)['name']);
  const uid = textOf(metadataOf(old)['uid']);
  if (preconditions.uid !== undefined && preconditions.uid !== uid) {
    const asked = preconditions.uid;
    const why = `Precondition failed: UID in precondition: ${asked}, UID in object meta: ${uid}`;
    throw conflict(kind, name, why);
  }
  const { resourceVersion } = preconditions;
  if (resourceVersion !== undefined && resourceVersion !== revisionOf(old)) {
    throw conflict(
      kind,
      name,
      `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ` +
        `ResourceVersion in object meta: ${revisionOf(old)}`,
    );
  }
}

/** The object as it is while it waits for its end. */
function mark(
  kind: Kind,
  old: JsonObject,
  { deletion, now }: { readonly deletion: Deletion; readonly now: Date },
): JsonObject {
  const object = copyOf(old);
  const metadata = metadataOf(object);
  const grace = graceOf(kind, old, deletion);
  const seconds = Math.floor(now.getTime() / 1000);
  const before = metadata['deletionGracePeriodSeconds'];
  if (!isDeleting(old) || (typeof before === 'number' && grace < before)) {
    metadata['deletionTimestamp'] = writeTime(seconds + grace);
    metadata['deletionGracePeriodSeconds'] = grace;
    if (typeof metadata['generation'] === 'number') metadata['generation'] += 1;
  }
  addPolicy(metadata, deletion);
  if (kind.builtIn === 'Namespace') {
    object['status'] = { ...objectIn(old, 'status'), phase: 'Terminating' };
  }
  return object;
}

/** Pods that run somewhere have time to end; nothing else waits. */
function graceOf(kind: Kind, old: JsonObject, { gracePeriodSeconds }: Deletion): number {
  if (kind.builtIn !== 'Pod') return 0;
  const spec = objectIn(old, 'spec');
  const phase = textOf(objectIn(old, 'status')['phase']);
  if (textOf(spec['nodeName']) === '' || phase === 'Failed' || phase === 'Succeeded') return 0;
  const own = spec['terminationGracePeriodSeconds'];
  return gracePeriodSeconds ?? (typeof own === 'number' ? own : 30);
}

function addPolicy(metadata: Draft, { propagationPolicy }: Deletion): void {
  const list = isList(metadata['finalizers']) ? metadata['finalizers'] : [];
  const others = list.filter((word) => word !== 'orphan' && word !== 'foregroundDeletion');
  if (propagationPolicy === undefined) return;
  const own = propagationPolicy === 'Background' ? [] : [ofPolicy[propagationPolicy]];
  const finalizers = [...others, ...own];
  if (finalizers.length > 0) metadata['finalizers'] = finalizers;
  else Reflect.deleteProperty(metadata, 'finalizers');
}

function isHeld(kind: Kind, marked: JsonObject): boolean {
  const grace = metadataOf(marked)['deletionGracePeriodSeconds'];
  if (hasFinalizers(marked) || (typeof grace === 'number' && grace > 0)) return true;
  const own = objectIn(marked, 'spec')['finalizers'];
  return kind.builtIn === 'Namespace' && isList(own) && own.length > 0;
}

/** Undefined when somebody else changed it meanwhile. */
async function keep(
  { registry }: Api,
  place: Place,
  { old, marked }: { readonly old: JsonObject; readonly marked: JsonObject },
): Promise<JsonObject | undefined> {
  try {
    return await registry.update(place, async (current) => {
      if (revisionOf(current) !== revisionOf(old)) throw modified(place.kind, place.name);
      return marked;
    });
  } catch (error) {
    if (isObject(error as JsonObject) && (error as { reason?: string }).reason === 'Conflict') {
      return undefined;
    }
    throw translated(error);
  }
}
