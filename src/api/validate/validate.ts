import { isList, isObject, type Json, type JsonObject } from '../json.ts';
import type { Kind } from '../kind.ts';
import { valueFaults } from '../custom/value-faults.ts';
import { messageType } from '../schema/schema.ts';
import type { Field, MessageType } from '../schema/type.ts';
import type { CheckTable } from './check.ts';
import { type Fault, required } from './fault.ts';
import { metadataFaults } from './metadata.ts';
import { otherChecks } from './other.ts';
import { podChecks } from './pod.ts';
import { serviceChecks } from './service.ts';
import { workloadChecks } from './workload.ts';

const table: CheckTable = { ...podChecks, ...serviceChecks, ...workloadChecks, ...otherChecks };

/** Everything that is wrong with an object that was read and filled; nothing when it is right. */
export function faultsOf(kind: Kind, object: JsonObject, old?: JsonObject): readonly Fault[] {
  if (kind.custom !== undefined) {
    const faults = valueFaults(kind.custom.schema, object, old);
    return [...metadataFaults(kind, object), ...faults];
  }
  return [...metadataFaults(kind, object), ...faultsBelow(messageType(kind.type), object, '')];
}

function faultsBelow(type: MessageType, owner: JsonObject, path: string): Fault[] {
  const checks = table[type.name];
  const faults: Fault[] = [];
  for (const field of type.byName.values()) {
    // Metadata is looked at apart; a status is what controllers saw, not what somebody wishes.
    if (field.name === 'metadata' && path === '') continue;
    if (field.name === 'status' && path === '') continue;
    const at = path === '' ? field.name : `${path}.${field.name}`;
    const value = owner[field.name];
    if (isAbsent(field, value)) {
      const optional = checks?.optional?.includes(field.name) === true;
      if (field.required && !optional) faults.push(required(at));
      continue;
    }
    if (value === undefined) continue;
    for (const check of checks?.fields?.[field.name] ?? []) faults.push(...check(value, at, owner));
    faults.push(...faultsWithin(field, value, at));
  }
  for (const check of checks?.whole ?? []) faults.push(...check(owner, path));
  return faults;
}

/** An empty name or list is as good as none. */
function isAbsent(field: Field, value: Json | undefined): boolean {
  if (value === undefined) return true;
  if (field.scalar === 'string' && field.shape === 'single') return value === '' && field.required;
  return field.required && isList(value) && value.length === 0;
}

function faultsWithin(field: Field, value: Json, path: string): Fault[] {
  const { message } = field;
  if (message === undefined) return [];
  if (field.shape === 'single') return isObject(value) ? faultsBelow(message, value, path) : [];
  if (isList(value)) {
    return value.flatMap((entry, index) =>
      isObject(entry) ? faultsBelow(message, entry, `${path}[${index}]`) : [],
    );
  }
  return isObject(value)
    ? Object.entries(value).flatMap(([key, entry]) =>
        isObject(entry) ? faultsBelow(message, entry, `${path}[${key}]`) : [],
      )
    : [];
}
