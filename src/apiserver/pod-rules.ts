import {
  type Draft,
  equal,
  isList,
  isObject,
  type Json,
  type JsonObject,
  objectIn,
  textOf,
} from '../api/json.ts';
import { type Fault, forbiddenField } from '../api/validate/fault.ts';

const podChangeable =
  'pod updates may not change fields other than `spec.containers[*].image`,' +
  '`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only ' +
  'additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set ' +
  'to 1 if it was previously negative)';

export function podFixed(pod: JsonObject, old: JsonObject): Fault[] {
  const bound = objectIn(old, 'spec')['nodeName'];
  const moved = bound !== undefined && objectIn(pod, 'spec')['nodeName'] !== bound;
  const known = gatesOf(old);
  const gate = gatesOf(pod).find((name) => !known.includes(name));
  if (gate !== undefined) {
    const words = `only deletion is allowed, but found new scheduling gate '${gate}'`;
    return [forbiddenField('spec.schedulingGates', words)];
  }
  const tolerates = tolerationsOf(old).every((one) => tolerationsOf(pod).includes(one));
  if (!moved && tolerates && equal(fixedPart(pod), fixedPart(old))) return [];
  return [forbiddenField('spec', podChangeable)];
}

export const gatedCondition = {
  type: 'PodScheduled',
  status: 'False',
  reason: 'SchedulingGated',
  message: 'Scheduling is blocked due to non-empty scheduling gates',
};

export function noEphemeralContainers(pod: JsonObject): Fault[] {
  const list = objectIn(pod, 'spec')['ephemeralContainers'];
  if (!isList(list) || list.length === 0) return [];
  return [forbiddenField('spec.ephemeralContainers', 'cannot be set on create')];
}

/** How long one lasts may change. */
function tolerationsOf(pod: JsonObject): readonly string[] {
  const list = objectIn(pod, 'spec')['tolerations'];
  return (isList(list) ? list : []).map((one) => {
    const { key, operator, value, effect } = isObject(one) ? one : {};
    return JSON.stringify([key, operator, value, effect]);
  });
}

/** What keeps a pod from being scheduled, by name. */
export function gatesOf(pod: JsonObject): readonly string[] {
  const gates = objectIn(pod, 'spec')['schedulingGates'];
  return isList(gates) ? gates.map((gate) => textOf(isObject(gate) ? gate['name'] : null)) : [];
}

function fixedPart(pod: JsonObject): JsonObject {
  const {
    activeDeadlineSeconds: _seconds,
    tolerations: _tolerations,
    nodeName: _name,
    schedulingGates: _gates,
    ...spec
  } = objectIn(pod, 'spec');
  return { ...spec, ...withoutImages(spec) };
}

function withoutImages(spec: JsonObject): Draft {
  return Object.fromEntries(
    ['containers', 'initContainers'].map((field) => {
      const list = spec[field];
      return [field, isList(list) ? list.map(withoutImage) : null] as const;
    }),
  );
}

function withoutImage(entry: Json): Json {
  return isObject(entry) ? { ...entry, image: '' } : entry;
}
