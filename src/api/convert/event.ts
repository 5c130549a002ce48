import type { Draft, JsonObject } from '../json.ts';

/** The names of events.k8s.io/v1, and what v1 calls the same. */
const names: readonly (readonly [newer: string, stored: string])[] = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
];

const toStoredName = new Map(names);
const fromStoredName = new Map(names.map(([newer, stored]) => [stored, newer]));

export function eventToStored(object: JsonObject): JsonObject {
  return renamed(object, toStoredName);
}

export function eventFromStored(object: JsonObject): JsonObject {
  return renamed(object, fromStoredName);
}

function renamed(object: JsonObject, name: ReadonlyMap<string, string>): JsonObject {
  const result: Draft = {};
  for (const [key, value] of Object.entries(object)) result[name.get(key) ?? key] = value;
  return result;
}
