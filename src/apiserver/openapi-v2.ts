import { isList, isObject, type Draft, type Json, type JsonObject, textOf } from '../api/json.ts';
import type { Kind } from '../api/kind.ts';
import { WireWriter, wireType } from '../base/wire.ts';
import { schemasOf } from './openapi.ts';

interface Made {
  readonly document: JsonObject;
  bytes: Buffer | undefined;
}

const made = new WeakMap<readonly Kind[], Made>();

/** The OpenAPI 2 document of all kinds: what clients before Kubernetes 1.28 look fields up in. */
export function openApiV2(kinds: readonly Kind[]): JsonObject {
  return madeOf(kinds).document;
}

/** The same in the messages of gnostic's OpenAPIv2.proto, which those clients ask for. */
export function openApiV2Bytes(kinds: readonly Kind[]): Buffer {
  const known = madeOf(kinds);
  known.bytes ??= encodeDocument(known.document);
  return known.bytes;
}

function madeOf(kinds: readonly Kind[]): Made {
  const known = made.get(kinds);
  if (known !== undefined) return known;
  const document = {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: 'v1.33.0' },
    paths: {},
    definitions: eachWithOldReferences(schemasOf(kinds)),
  };
  const fresh = { document, bytes: undefined };
  made.set(kinds, fresh);
  return fresh;
}

/** Schemas by their names, which may be any words. */
function eachWithOldReferences(schemas: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, withOldReferences(schema ?? {})]),
  );
}

/** `#/definitions/` in place of `#/components/schemas/`; unions have no words in this version. */
function withOldReferences(value: Json): Json {
  if (isList(value)) return value.map(withOldReferences);
  if (!isObject(value)) return value;
  const { description, nullable } = value;
  const isOpen = value['x-kubernetes-preserve-unknown-fields'] === true;
  // Old clients would refuse what they are not told of.
  if (nullable === true || isOpen) return description === undefined ? {} : { description };
  const result: Draft = {};
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined || later.has(key)) continue;
    if (key === 'properties' && isObject(item)) result[key] = eachWithOldReferences(item);
    else if (key === 'oneOf') result['type'] = 'string';
    else if (key === 'allOf' && isList(item))
      Object.assign(result, withOldReferences(item[0] ?? {}));
    else if (key === '$ref')
      result[key] = textOf(item).replace('components/schemas', 'definitions');
    else result[key] = withOldReferences(item);
  }
  return result;
}

/** What a definition's schema may say that this version has no words for, or old clients no use. */
const later: ReadonlySet<string> = new Set(['anyOf', 'not', 'default', 'nullable', 'enum']);

function encodeDocument({ info, definitions }: JsonObject): Buffer {
  const { title, version } = info as JsonObject;
  const about = message((writer) => {
    text(writer, 1, textOf(title));
    text(writer, 2, textOf(version));
  });
  return message((writer) => {
    text(writer, 1, '2.0');
    inner(writer, 2, about);
    inner(writer, 8, Buffer.alloc(0));
    inner(writer, 9, namedSchemas(definitions as JsonObject));
  });
}

/** `Definitions` and `Properties` are the same on the wire. */
function namedSchemas(schemas: JsonObject): Buffer {
  return message((writer) => {
    for (const [name, schema] of Object.entries(schemas)) {
      const named = message((entry) => {
        text(entry, 1, name);
        inner(entry, 2, encodeSchema(schema as JsonObject));
      });
      inner(writer, 1, named);
    }
  });
}

function encodeSchema(schema: JsonObject): Buffer {
  return message((writer) => {
    text(writer, 1, textOf(schema['$ref']));
    text(writer, 2, textOf(schema['format']));
    text(writer, 4, textOf(schema['description']));
    for (const name of isList(schema['required']) ? schema['required'] : []) {
      text(writer, 19, textOf(name));
    }
    const additional = schema['additionalProperties'];
    if (isObject(additional)) inner(writer, 21, wrapped(encodeSchema(additional)));
    const type = textOf(schema['type']);
    if (type !== '')
      inner(
        writer,
        22,
        message((item) => text(item, 1, type)),
      );
    if (isObject(schema['items'])) inner(writer, 23, wrapped(encodeSchema(schema['items'])));
    if (isObject(schema['properties'])) inner(writer, 25, namedSchemas(schema['properties']));
    for (const [name, value] of Object.entries(schema)) {
      if (name.startsWith('x-') && value !== undefined) inner(writer, 31, extension(name, value));
    }
  });
}

/** A vendor extension is kept as YAML, of which JSON is a part. */
function extension(name: string, value: Json): Buffer {
  return message((writer) => {
    text(writer, 1, name);
    inner(
      writer,
      2,
      message((any) => text(any, 2, JSON.stringify(value))),
    );
  });
}

function wrapped(schema: Buffer): Buffer {
  return message((writer) => inner(writer, 1, schema));
}

function message(write: (writer: WireWriter) => void): Buffer {
  const writer = new WireWriter();
  write(writer);
  return Buffer.from(writer.finish());
}

function text(writer: WireWriter, number: number, value: string): void {
  if (value === '') return;
  writer.tag(number, wireType.bytes);
  writer.string(value);
}

function inner(writer: WireWriter, number: number, value: Buffer): void {
  writer.tag(number, wireType.bytes);
  writer.bytes(value);
}
