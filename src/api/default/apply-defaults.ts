import { type Draft, isList, isObject, type Json } from '../json.ts';
import type { Field, MessageType } from '../schema/type.ts';
import { appsDefaults } from './apps.ts';
import { batchDefaults } from './batch.ts';
import { coreDefaults } from './core.ts';
import { podDefaults } from './pod.ts';
import type { DefaultTable, Rule } from './rule.ts';
import { otherDefaults } from './other.ts';
import { volumeDefaults } from './volume.ts';

const table: DefaultTable = {
  ...coreDefaults,
  ...podDefaults,
  ...volumeDefaults,
  ...appsDefaults,
  ...batchDefaults,
  ...otherDefaults,
};

/**
 * Fills, in place, what the API fills when it reads an object: a stock kubelet refuses pods without
 * it. An owner's rules are applied before those of what is in it.
 */
export function applyDefaults(type: MessageType, value: Draft): void {
  for (const rule of rulesOf(type)) rule(value);
  for (const field of fieldsWithRules(type)) {
    const item = value[field.name];
    if (item !== undefined) applyBelow(field, item);
  }
}

function applyBelow(field: Field, item: Json): void {
  const { message } = field;
  if (message === undefined) return;
  if (field.shape === 'single') {
    if (isObject(item)) applyDefaults(message, item);
    return;
  }
  const entries = isList(item) ? item : isObject(item) ? Object.values(item) : [];
  for (const entry of entries) if (isObject(entry)) applyDefaults(message, entry);
}

const rules = new Map<MessageType, readonly Rule[]>();

function rulesOf(type: MessageType): readonly Rule[] {
  const known = rules.get(type);
  if (known !== undefined) return known;
  const found = collectRules(type);
  rules.set(type, found);
  return found;
}

/** Rules of inline messages act on their owner. */
function collectRules(type: MessageType): readonly Rule[] {
  const inline = type.fields.flatMap(({ inline: within, message }) =>
    within && message !== undefined ? rulesOf(message) : [],
  );
  return [...(table[type.name] ?? []), ...inline];
}

const filled = new Map<MessageType, readonly Field[]>();

/** The fields below which some rule lies: all else is not walked through. */
function fieldsWithRules(type: MessageType): readonly Field[] {
  const known = filled.get(type);
  if (known !== undefined) return known;
  const fields = [...type.byName.values()].filter(
    ({ message }) => message !== undefined && reachesRule(message, new Set()),
  );
  filled.set(type, fields);
  return fields;
}

function reachesRule(type: MessageType, seen: Set<MessageType>): boolean {
  if (seen.has(type)) return false;
  seen.add(type);
  if (rulesOf(type).length > 0) return true;
  return [...type.byName.values()].some(
    ({ message }) => message !== undefined && reachesRule(message, seen),
  );
}
