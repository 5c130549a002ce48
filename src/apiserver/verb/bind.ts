import { writeTime } from '../../api/time.ts';
import { copyOf, type Draft, isList, isObject, type JsonObject } from '../../api/json.ts';
import { objectIn, textOf } from '../../api/json.ts';
import { recordUpdate } from '../../api/apply/manage.ts';
import { messageType } from '../../api/schema/schema.ts';
import { conflict } from '../../api/status.ts';
import { type Fault, invalidObject, notSupported, required } from '../../api/validate/fault.ts';
import type { Api, WriteOptions } from '../api.ts';
import { authorNow } from '../author.ts';
import { isDeleting } from '../metadata.ts';
import { metadataOf } from '../object-text.ts';
import type { Place } from '../registry.ts';

const resource = { group: '', plural: 'pods/binding' };

/**
 * Gives a pod its node: sets `spec.nodeName` and the condition PodScheduled, and takes over the
 * binding's annotations and labels. Throws `Conflict` for a pod that has one or is about to go.
 */
export async function bindPod(
  api: Api,
  { place, binding }: { readonly place: Place; readonly binding: JsonObject },
  options: WriteOptions,
): Promise<JsonObject> {
  checkBinding(place, binding);
  const author = authorNow(options, { kind: place.kind, subresource: 'binding', now: api.now() });
  const change = async (old: JsonObject): Promise<JsonObject> => {
    checkPod(place, old, binding);
    const bound = boundTo(old, binding, api.now());
    return recordUpdate(messageType(place.kind.type), { old, object: bound }, author);
  };
  if (options.dryRun) return await change(await api.registry.get(place));
  return await api.registry.update(place, change);
}

function checkBinding({ name }: Place, binding: JsonObject): void {
  const target = objectIn(binding, 'target');
  const kind = textOf(target['kind']);
  const faults: Fault[] = [];
  if (kind !== '' && kind !== 'Node') {
    faults.push(notSupported('target.kind', kind, ['Node', '<empty>']));
  }
  if (textOf(target['name']) === '') faults.push(required('target.name'));
  if (faults.length > 0) throw invalidObject({ group: '', kind: 'Binding' }, name, faults);
}

function checkPod({ name }: Place, pod: JsonObject, binding: JsonObject): void {
  const { uid, resourceVersion } = objectIn(binding, 'metadata');
  const own = metadataOf(pod);
  const refuse = (why: string) => conflict(resource, name, why);
  if (textOf(uid) !== '' && uid !== own['uid']) {
    const found = textOf(own['uid']);
    const asked = textOf(uid);
    throw refuse(
      `Precondition failed: UID in precondition: ${asked}, UID in object meta: ${found}`,
    );
  }
  if (textOf(resourceVersion) !== '' && resourceVersion !== own['resourceVersion']) {
    throw refuse('the object has been modified; please apply your changes to the latest version');
  }
  if (isDeleting(pod)) {
    throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  }
  const spec = objectIn(pod, 'spec');
  const node = textOf(spec['nodeName']);
  if (node !== '') throw refuse(`pod ${name} is already assigned to node ${JSON.stringify(node)}`);
  if (isList(spec['schedulingGates']) && spec['schedulingGates'].length > 0) {
    throw refuse(`pod ${name} has non-empty .spec.schedulingGates`);
  }
}

function boundTo(old: JsonObject, binding: JsonObject, now: Date): Draft {
  const pod = copyOf(old);
  const metadata = metadataOf(pod);
  for (const field of ['annotations', 'labels']) {
    const added = objectIn(objectIn(binding, 'metadata'), field);
    if (Object.keys(added).length > 0) {
      metadata[field] = { ...objectIn(metadata, field), ...added };
    }
  }
  const nodeName = textOf(objectIn(binding, 'target')['name']);
  pod['spec'] = { ...objectIn(pod, 'spec'), nodeName };
  pod['status'] = scheduled(objectIn(pod, 'status'), now);
  return pod;
}

function scheduled(status: JsonObject, now: Date): JsonObject {
  const conditions = isList(status['conditions']) ? status['conditions'] : [];
  const others = conditions.filter((entry) => !isObject(entry) || entry['type'] !== 'PodScheduled');
  const condition = {
    type: 'PodScheduled',
    status: 'True',
    lastTransitionTime: writeTime(Math.floor(now.getTime() / 1000)),
  };
  return { ...status, conditions: [...others, condition] };
}
