import { type Draft, equal, isList, isObject, type Json, type JsonObject } from '../api/json.ts';
import { objectIn, textOf } from '../api/json.ts';
import type { Subresource } from '../api/kind.ts';
import { duplicate, type Fault, forbiddenField, invalid, missing } from '../api/validate/fault.ts';
import { entries } from '../api/validate/check.ts';
import { conditionFaults } from './security/certificate/check-request.ts';
import { qualityOf } from './quality.ts';

/** A part of an object that is changed through a path of its own; all else stays as it was. */
export interface Part {
  readonly take: (wanted: JsonObject, old: JsonObject) => Draft;
  readonly check: (object: JsonObject, old: JsonObject) => readonly Fault[];
}

const parts: Partial<Record<Subresource, Part>> = {
  ephemeralcontainers: {
    take: (wanted, old) => withSpec(old, pick(wanted, 'ephemeralContainers')),
    check: ephemeralFaults,
  },
  resize: { take: takeResources, check: resizeFaults },
  finalize: {
    take: (wanted, old) => withSpec(old, pick(wanted, 'finalizers')),
    check: () => [],
  },
  approval: {
    take: (wanted, old) => {
      const { conditions } = objectIn(wanted, 'status');
      return { ...old, status: { ...objectIn(old, 'status'), conditions } };
    },
    check: conditionFaults,
  },
};

export function partOf(subresource: Subresource | undefined): Part | undefined {
  return subresource === undefined ? undefined : parts[subresource];
}

function withSpec(old: JsonObject, fields: JsonObject): Draft {
  const spec: Draft = { ...objectIn(old, 'spec') };
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || (isList(value) && value.length === 0)) delete spec[name];
    else spec[name] = value;
  }
  return { ...old, spec };
}

function pick(wanted: JsonObject, field: string): JsonObject {
  return { [field]: objectIn(wanted, 'spec')[field] };
}

function takeResources(wanted: JsonObject, old: JsonObject): Draft {
  const fields = ['containers', 'initContainers'].map((field) => [field, resized(field)] as const);
  function resized(field: string): Json | undefined {
    const before = objectIn(old, 'spec')[field];
    if (!isList(before)) return before;
    const after = new Map(
      entries(objectIn(wanted, 'spec')[field]).map((entry) => [textOf(entry['name']), entry]),
    );
    return before.map((entry) => {
      const found = isObject(entry) ? after.get(textOf(entry['name'])) : undefined;
      return found === undefined || !isObject(entry) ? entry : withResources(entry, found);
    });
  }
  return withSpec(old, Object.fromEntries(fields));
}

function withResources(entry: JsonObject, { resources, resizePolicy }: JsonObject): JsonObject {
  return {
    ...entry,
    ...(resources !== undefined && { resources }),
    ...(resizePolicy !== undefined && { resizePolicy }),
  };
}

const resizable: ReadonlySet<string> = new Set(['cpu', 'memory']);

function resizeFaults(pod: JsonObject, old: JsonObject): Fault[] {
  const faults: Fault[] = [];
  if (othersChanged(pod, old)) {
    faults.push(forbiddenField('spec', 'only cpu and memory resources are mutable'));
  }
  const quality = qualityOf(pod);
  if (quality !== qualityOf(old)) {
    const words = 'Pod QOS Class may not change as a result of resizing';
    faults.push(invalid('spec', quality, words));
  }
  return faults;
}

/** A resource that cannot be changed while the container runs. */
function othersChanged(pod: JsonObject, old: JsonObject): boolean {
  return ['containers', 'initContainers'].some((field) => {
    const before = entries(objectIn(old, 'spec')[field]);
    return entries(objectIn(pod, 'spec')[field]).some(
      (entry, index) => !equal(fixedResources(entry), fixedResources(before[index] ?? {})),
    );
  });
}

function fixedResources(container: JsonObject): JsonObject {
  const { limits, requests, ...rest } = objectIn(container, 'resources');
  return { ...rest, limits: othersOf(limits), requests: othersOf(requests) };
}

function othersOf(list: Json | undefined): JsonObject {
  const amounts = Object.entries(isObject(list) ? list : {});
  return Object.fromEntries(amounts.filter(([name]) => !resizable.has(name)));
}

const notOnEphemeral: readonly string[] = [
  'ports',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'restartPolicy',
];

/** They are added, and stay as they are until the pod goes. */
function ephemeralFaults(pod: JsonObject, old: JsonObject): Fault[] {
  const path = 'spec.ephemeralContainers';
  const list = entries(objectIn(pod, 'spec')['ephemeralContainers']);
  const byName = new Map(list.map((entry) => [textOf(entry['name']), entry]));
  const kept = entries(objectIn(old, 'spec')['ephemeralContainers']).flatMap((entry) => {
    const name = textOf(entry['name']);
    const now = byName.get(name);
    if (now === undefined) {
      return [forbiddenField(path, `existing ephemeral containers "${name}" may not be removed\n`)];
    }
    return equal(now, entry)
      ? []
      : [forbiddenField(path, `existing ephemeral containers "${name}" may not be changed\n`)];
  });
  return [...kept, ...list.flatMap((entry, index) => entryFaults(pod, entry, index))];
}

function entryFaults(pod: JsonObject, entry: JsonObject, index: number): Fault[] {
  const at = `spec.ephemeralContainers[${index}]`;
  const spec = objectIn(pod, 'spec');
  const name = textOf(entry['name']);
  const others = [
    ...entries(spec['containers']),
    ...entries(spec['initContainers']),
    ...entries(spec['ephemeralContainers']).slice(0, index),
  ];
  const faults: Fault[] = [];
  if (others.some((other) => other['name'] === name)) faults.push(duplicate(`${at}.name`, name));
  const target = textOf(entry['targetContainerName']);
  if (target !== '' && !others.some((other) => other['name'] === target)) {
    faults.push(missing(`${at}.targetContainerName`, target));
  }
  for (const field of notOnEphemeral) {
    if (entry[field] === undefined) continue;
    faults.push(forbiddenField(`${at}.${field}`, 'cannot be set for an Ephemeral Container'));
  }
  const resources = objectIn(entry, 'resources');
  if (Object.keys(resources).length > 0) {
    faults.push(forbiddenField(`${at}.resources`, 'cannot be set for an Ephemeral Container'));
  }
  return faults;
}
