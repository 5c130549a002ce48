import { applyDefaults } from '../../api/default/apply-defaults.ts';
import { toStored } from '../../api/convert/convert.ts';
import { copyOf, type Draft, type JsonObject, textOf } from '../../api/json.ts';
import type { Kind } from '../../api/kind.ts';
import { findKind, storedKind } from '../../api/kinds.ts';
import { messageType, typeOfKind } from '../../api/schema/schema.ts';
import { alreadyExists, ApiError, badRequest } from '../../api/status.ts';
import { invalidObject } from '../../api/validate/fault.ts';
import { faultsOf } from '../../api/validate/validate.ts';
import { recordUpdate } from '../../api/apply/manage.ts';
import { authorNow } from '../author.ts';
import { admitNew, checkNew } from '../admission/admit.ts';
import type { Api, WriteOptions } from '../api.ts';
import { generateName, stampNew } from '../metadata.ts';
import { metadataOf } from '../object-text.ts';
import { definitionKind } from '../custom/definitions.ts';
import { type Place, placeOf } from '../registry.ts';
import { ownWrites } from '../own-writes.ts';
import { strategyOf } from '../strategy.ts';

/** Ways to make a name before it is given up. */
const nameAttempts = 8;

export interface CreateRequest {
  /** As the path has it. */
  readonly kind: Kind;
  readonly namespace: string;
  /** As the body has it, in the version of `kind`. */
  readonly object: JsonObject;
  /** The object itself says who manages what, as server-side apply does. */
  readonly manages?: boolean;
}

/** Makes an object, and answers with it in its stored form. */
export async function createObject(
  api: Api,
  request: CreateRequest,
  options: WriteOptions,
): Promise<JsonObject> {
  const kind = storedKind(request.kind);
  // A definition's versions have each a schema of their own.
  const checked = kind.custom === undefined ? kind : request.kind;
  checkStays(kind);
  const object = managed(request, prepare(request, api.now()), { options, now: api.now() });
  const generated = textOf(metadataOf(object)['name']) === '';
  for (let attempt = 1; ; attempt += 1) {
    if (generated) {
      const prefix = textOf(metadataOf(object)['generateName']);
      if (prefix !== '') metadataOf(object)['name'] = generateName(prefix);
    }
    try {
      return await keep(api, { kind, checked, object: copyOf(object) }, options);
    } catch (error) {
      const taken = error instanceof ApiError && error.reason === 'AlreadyExists';
      if (!generated || !taken || attempt === nameAttempts) throw error;
    }
  }
}

/** The stored form of what was sent, filled and stamped. */
function prepare({ kind, namespace, object }: CreateRequest, now: Date): Draft {
  const stored = storedKind(kind);
  const prepared = copyOf(toStored(kind, object));
  checkNamespace(prepared, stored, namespace);
  const strategy = strategyOf(stored);
  if (strategy.ownStatus) delete prepared['status'];
  if (stored.custom === undefined) fillStored(stored, prepared);
  stampNew(prepared, strategy.counts, now);
  return prepared;
}

function fillStored({ type: name }: Kind, prepared: Draft): void {
  const type = messageType(name);
  if (type.byName.get('spec')?.message !== undefined) prepared['spec'] ??= {};
  applyDefaults(type, prepared);
}

/** What is about to go with its definition is not made any more. */
function checkStays({ custom, plural, group }: Kind): void {
  if (custom?.isTerminating !== true) return;
  const words = 'create not allowed while custom resource definition is terminating';
  throw new ApiError('MethodNotAllowed', words, { group, kind: plural });
}

function managed(
  { kind, manages }: CreateRequest,
  object: Draft,
  { options, now }: { readonly options: WriteOptions; readonly now: Date },
): Draft {
  if (manages === true) return object;
  const author = authorNow(options, { kind, subresource: '', now });
  return recordUpdate(typeOfKind(storedKind(kind)), { old: undefined, object }, author);
}

async function keep(
  api: Api,
  { kind, checked, object }: { kind: Kind; checked: Kind; object: Draft },
  options: WriteOptions,
): Promise<JsonObject> {
  const place = placeOf(kind, object);
  await admitNew(api, place, object);
  strategyOf(kind).prepareCreate?.(object, options.user);
  const faults = [...faultsOf(checked, object), ...(strategyOf(kind).checkCreate?.(object) ?? [])];
  if (faults.length > 0) throw invalidObject(kind, place.name, faults);
  await checkNew(api, place, object);
  const { user } = options;
  const attempt = { operation: 'create', place, subresource: undefined, object } as const;
  await api.gate.admit({ ...attempt, old: undefined, user });
  const write = () => (options.dryRun ? tryOut(api, place, object) : store(api, place, object));
  const created = await api.quotas.guard({ place, object, old: undefined }, options.dryRun, write);
  if (kind.builtIn === 'ResourceQuota') api.quotas.added(place.namespace);
  if (kind.builtIn === 'Namespace' && !options.dryRun) await makeAccount(api, place.name, options);
  if (kind.builtIn !== definitionKind || options.dryRun) return created;
  // Who has made it finds it served.
  await api.definitions.settle();
  return (await api.registry.find(place)) ?? created;
}

async function store(api: Api, place: Place, object: Draft): Promise<JsonObject> {
  if (place.kind.builtIn !== 'Service') return await api.registry.create(place, object);
  return await api.services.alone(async () => {
    await api.services.allocate(object);
    try {
      return await api.registry.create(place, object);
    } catch (error) {
      api.services.release(object);
      throw error;
    }
  });
}

/** The account that pods run as which name none: nobody should have to wait for a controller. */
async function makeAccount(api: Api, namespace: string, options: WriteOptions): Promise<void> {
  const kind = findKind('v1', 'ServiceAccount');
  if (kind === undefined) return;
  const object = { metadata: { name: 'default', namespace } };
  const { user, fieldManager } = ownWrites;
  const own = { ...options, user, fieldManager };
  await createObject(api, { kind, namespace, object }, own).catch((error: unknown) => {
    // Somebody else made it, or the namespace is going again.
    if (!(error instanceof ApiError)) throw error;
  });
}

/** What creating would have said. */
async function tryOut(api: Api, place: Place, object: Draft): Promise<JsonObject> {
  const known = await api.registry.find(place);
  if (known !== undefined) throw alreadyExists(place.kind, place.name);
  if (place.kind.builtIn === 'Service') {
    await api.services.allocate(object);
    api.services.release(object);
  }
  return object;
}

/** The path's namespace is the object's. */
export function checkNamespace(object: Draft, kind: Kind, namespace: string): void {
  const metadata = (object['metadata'] ??= {}) as Draft;
  const given = textOf(metadata['namespace']);
  if (!kind.namespaced) {
    if (given === '') Reflect.deleteProperty(metadata, 'namespace');
    return;
  }
  if (given !== '' && given !== namespace) {
    throw badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
  metadata['namespace'] = namespace;
}
