import { isList, isObject, type Json, type JsonObject, objectIn, textOf } from '../json.ts';
import { formatDuration } from './duration.ts';

/** One column of what `kubectl get` prints. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format: string;
  /** 1 for what `-o wide` alone shows. */
  readonly priority: number;
  /** For people; empty unless given. */
  readonly description?: string;
  cell(object: JsonObject, nowMs: number): Json;
}

type Cell = (object: JsonObject, nowMs: number) => Json;

export function text(name: string, cell: Cell): Column {
  return { name, type: 'string', format: '', priority: 0, cell };
}

export function wide(name: string, cell: Cell): Column {
  return { ...text(name, cell), priority: 1 };
}

export function number(name: string, cell: Cell): Column {
  return { ...text(name, cell), type: 'integer' };
}

export const nameColumn: Column = {
  ...text('Name', (object) => textOf(objectIn(object, 'metadata')['name'])),
  format: 'name',
};

export const age = text('Age', (object, nowMs) => sinceText(createdAt(object), nowMs));

export const created = text('Created At', (object) => createdAt(object));

export function createdAt(object: JsonObject): string {
  return textOf(objectIn(object, 'metadata')['creationTimestamp']);
}

/** `5m`, or `<unknown>` for no time. */
export function sinceText(time: Json | undefined, nowMs: number): string {
  const ms = Date.parse(textOf(time));
  return Number.isNaN(ms) ? '<unknown>' : formatDuration(nowMs - ms);
}

export function orNone(words: readonly string[], separator = ','): string {
  return words.length === 0 ? '<none>' : words.join(separator);
}

export function wholeOf(value: Json | undefined): number {
  return typeof value === 'number' ? value : 0;
}

export function objects(value: Json | undefined): readonly JsonObject[] {
  return isList(value) ? value.filter((item) => isObject(item)) : [];
}

export function texts(value: Json | undefined): readonly string[] {
  return isList(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** Names and images of a template's containers. */
export function containerColumns(specOf: (object: JsonObject) => JsonObject): readonly Column[] {
  const list = (object: JsonObject, field: string) =>
    objects(specOf(object)['containers']).map((container) => textOf(container[field]));
  return [
    wide('Containers', (object) => list(object, 'name').join(',')),
    wide('Images', (object) => list(object, 'image').join(',')),
  ];
}

export function templateSpec(object: JsonObject): JsonObject {
  return objectIn(objectIn(objectIn(object, 'spec'), 'template'), 'spec');
}

/** `app=web,tier in (a,b)` */
export function selectorText(selector: JsonObject): string {
  const labels = isObject(selector['matchLabels']) ? selector['matchLabels'] : {};
  const equal = Object.entries(labels).map(([key, value]) => `${key}=${textOf(value)}`);
  const others = objects(selector['matchExpressions']).map(expressionText);
  return orNone([...equal.toSorted(), ...others]);
}

function expressionText({ key, operator, values }: JsonObject): string {
  const name = textOf(key);
  const list = `(${texts(values).toSorted().join(',')})`;
  if (operator === 'In') return `${name} in ${list}`;
  if (operator === 'NotIn') return `${name} notin ${list}`;
  return operator === 'Exists' ? name : `!${name}`;
}

/** `a=b,c=d` */
export function labelsText(labels: JsonObject): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${textOf(value)}`);
  return orNone(pairs.toSorted());
}
