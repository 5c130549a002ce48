import { type Json, type JsonObject, textOf } from '../json.ts';
import { age, type Column, nameColumn, sinceText } from '../table/column.ts';
import { findByPath, parseJsonPath } from './json-path.ts';

/** The columns of a definition's version, after the name; its age where it says none. */
export function columnsOf(definitions: readonly JsonObject[]): readonly Column[] {
  if (definitions.length === 0) return [nameColumn, age];
  return [nameColumn, ...definitions.map(columnOf)];
}

function columnOf(definition: JsonObject): Column {
  const path = parseJsonPath(textOf(definition['jsonPath']));
  const type = textOf(definition['type']);
  const { priority } = definition;
  return {
    name: textOf(definition['name']),
    type: type as Column['type'],
    format: textOf(definition['format']),
    priority: typeof priority === 'number' ? priority : 0,
    cell: (object, nowMs) => {
      const [value] = findByPath(path, object);
      return value === undefined ? null : cellOf(type, value, nowMs);
    },
    description:
      textOf(definition['description']) ||
      `Custom resource definition column (in JSONPath format): ${textOf(definition['jsonPath'])}`,
  };
}

/** A value that is not of the column's type is not shown. */
function cellOf(type: string, value: Json, nowMs: number): Json {
  if (value === null) return null;
  if (type === 'integer') return typeof value === 'number' ? Math.trunc(value) : null;
  if (type === 'number') return typeof value === 'number' ? value : null;
  if (type === 'boolean') return typeof value === 'boolean' ? value : null;
  if (type === 'date') return typeof value === 'string' ? dateOf(value, nowMs) : null;
  if (typeof value === 'string') return value;
  return JSON.stringify(value);
}

function dateOf(value: string, nowMs: number): string {
  const text = sinceText(value, nowMs);
  return text === '<unknown>' ? '<invalid>' : text;
}
