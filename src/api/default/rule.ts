import { type Draft, isObject, type Json, type JsonObject } from '../json.ts';

/** Changes an object that was just read. */
export type Rule = (owner: Draft) => void;

/** The rules of each message type. */
export type DefaultTable = Readonly<Record<string, readonly Rule[]>>;

/** Sets what is absent. Values are copied: each object has its own. */
export function fill(values: Readonly<Record<string, Json>>): Rule {
  const simple = Object.values(values).every((value) => typeof value !== 'object');
  return (owner) => {
    for (const [name, value] of Object.entries(values)) {
      if (owner[name] === undefined) owner[name] = simple ? value : structuredClone(value);
    }
  };
}

/** The same for fields whose empty text counts as absent. */
export function fillEmpty(values: Readonly<Record<string, Json>>): Rule {
  return (owner) => {
    for (const [name, value] of Object.entries(values)) {
      if (owner[name] === undefined || owner[name] === '') owner[name] = value;
    }
  };
}

/** The object in a field, made where there is none. */
export function within(owner: Draft, name: string): Draft {
  const known = owner[name];
  if (isObject(known)) return known;
  const made: Draft = {};
  owner[name] = made;
  return made;
}

/** The objects of a list. */
export function each(owner: JsonObject, name: string): readonly Draft[] {
  const list = owner[name];
  return Array.isArray(list) ? list.filter((item): item is Draft => isObject(item as Json)) : [];
}

/** The labels of a pod template. */
export function templateLabels(spec: JsonObject): JsonObject | undefined {
  const template = isObject(spec['template']) ? spec['template'] : {};
  const metadata = isObject(template['metadata']) ? template['metadata'] : {};
  const labels = metadata['labels'];
  return isObject(labels) && Object.keys(labels).length > 0 ? labels : undefined;
}

/** Whether a map or list has nothing in it, or is not there. */
export function isEmpty(value: Json | undefined): boolean {
  return typeof value !== 'object' || value === null || Object.keys(value).length === 0;
}

/** A workload without labels has those of its pods. */
export function labelWithTemplate(workload: Draft): void {
  const labels = templateLabels(within(workload, 'spec'));
  const metadata = within(workload, 'metadata');
  if (labels !== undefined && isEmpty(metadata['labels'])) metadata['labels'] = { ...labels };
}
