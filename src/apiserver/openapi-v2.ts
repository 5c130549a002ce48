import { isList, isObject, type Draft, type Json, type JsonObject, textOf } from '../api/json.ts';
import { kinds } from '../api/kinds.ts';
import { WireWriter, wireType } from '../base/wire.ts';
import { schemasOf } from './openapi.ts';

let document: JsonObject | undefined;
let bytes: Buffer | undefined;

/** The OpenAPI 2 document of all kinds: what clients before Kubernetes 1.28 look fields up in. */
export function openApiV2(): JsonObject {
  document ??= {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: 'v1.33.0' },
    paths: {},
    definitions: withOldReferences(schemasOf(kinds)) as JsonObject,
  };
  return document;
}

/** The same in the messages of gnostic's OpenAPIv2.proto, which those clients ask for. */
export function openApiV2Bytes(): Buffer {
  bytes ??= encodeDocument(openApiV2());
  return bytes;
}

/** `#/definitions/` in place of `#/components/schemas/`; unions have no words in this version. */
function withOldReferences(value: Json): Json {
  if (isList(value)) return value.map(withOldReferences);
  if (!isObject(value)) return value;
  const result: Draft = {};
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    if (key === 'oneOf') result['type'] = 'string';
    else if (key === 'allOf' && isList(item))
      Object.assign(result, withOldReferences(item[0] ?? {}));
    else if (key === '$ref')
      result[key] = textOf(item).replace('components/schemas', 'definitions');
    else result[key] = withOldReferences(item);
  }
  return result;
}

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
