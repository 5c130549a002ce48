import t from 'tap';
import {
  describedFields,
  describeField,
  describeType,
  sharedFields,
} from '../../../src/api/description/description.ts';
import { kinds } from '../../../src/api/kinds.ts';
import { messageType } from '../../../src/api/schema/schema.ts';
import type { MessageType } from '../../../src/api/schema/type.ts';

t.test('what is described exists', (t) => {
  for (const [type, field] of describedFields()) {
    if (!messageType(type).byName.has(field)) t.fail(`${type} has no ${field}`);
  }
  t.ok(describedFields().length > 300);
  t.end();
});

t.test('every kind, type and field that explain shows has its words', (t) => {
  const seen = new Set<string>();
  const silent: string[] = [];
  const look = (type: MessageType): void => {
    if (seen.has(type.name)) return;
    seen.add(type.name);
    if (describeType(type.name) === '') silent.push(type.name);
    for (const [name, field] of type.byName) {
      if (describeField(type.name, name) === '') silent.push(`${type.name}.${name}`);
      if (field.message !== undefined) look(field.message);
    }
  };
  for (const { type, virtual } of kinds) if (!virtual) look(messageType(type));
  t.same(silent, []);
  t.ok(seen.size > 300, `${seen.size} types`);
  t.end();
});

t.test('words that several types share are of fields that exist', (t) => {
  const names = new Set<string>();
  for (const name of kinds.flatMap(({ type }) => typesBelow(messageType(type)))) {
    for (const field of messageType(name).byName.keys()) names.add(field);
  }
  const unknown = [...sharedFields().keys()].filter((field) => !names.has(field));
  t.same(unknown, []);
  t.end();
});

function typesBelow(type: MessageType, seen = new Set<string>()): string[] {
  if (seen.has(type.name)) return [];
  seen.add(type.name);
  for (const { message } of type.byName.values()) {
    if (message !== undefined) typesBelow(message, seen);
  }
  return [...seen];
}
