import { DomainError, isDomainError } from '../base/error.ts';
import { type Draft, isList, isObject, type Json, type JsonObject, set } from './json.ts';
import { canonicalQuantity } from './quantity.ts';
import type { Field, MessageType, Scalar } from './schema/type.ts';
import { canonicalMicroTime, canonicalTime } from './time.ts';

/** What is in a document that its type does not have. */
export interface Unknown {
  /** `spec.containers[0].imagee` */
  readonly path: string;
  readonly field: string;
  readonly type: Pick<MessageType, 'byName'>;
}

export interface Decoded {
  readonly value: JsonObject;
  readonly unknown: readonly Unknown[];
}

/**
 * A document as its type has it: unknown fields and nulls are left out, quantities and times in
 * their one form. Throws DomainError `invalid` with the words of Go's decoder for a value of a
 * wrong type.
 */
export function decodeJson(type: MessageType, document: JsonObject): Decoded {
  const decoder = new Decoder(type);
  return { value: decoder.message(type, document, root), unknown: decoder.unknown };
}

/** Where the decoder is; indices are for people, the plain words for Go's messages. */
interface Place {
  readonly path: string;
  readonly words: string;
}

const root: Place = { path: '', words: '' };

class Decoder {
  readonly unknown: Unknown[] = [];
  #owner: string;

  constructor(type: MessageType) {
    this.#owner = shortName(type);
  }

  message(type: MessageType, document: JsonObject, place: Place): JsonObject {
    const value: Draft = {};
    const outer = this.#owner;
    this.#owner = shortName(type);
    for (const [name, item] of Object.entries(document)) {
      const field = type.byName.get(name);
      if (field === undefined) this.#noteUnknown(type, name, place);
      else if (item !== null && item !== undefined) {
        value[name] = this.#field(field, item, below(place, name));
      }
    }
    this.#owner = outer;
    return value;
  }

  /** The type's own name and version stand above the schema. */
  #noteUnknown(type: MessageType, field: string, place: Place): void {
    if (place === root && (field === 'apiVersion' || field === 'kind')) return;
    this.unknown.push({ path: below(place, field).path, field, type });
  }

  #field(field: Field, item: Json, place: Place): Json {
    if (field.shape === 'list') return this.#list(field, item, place);
    if (field.shape === 'map') return this.#map(field, item, place);
    return this.#single(field, item, place);
  }

  #list(field: Field, item: Json, place: Place): Json {
    if (!isList(item)) throw this.#mismatch(item, goType(field), place);
    return item.map((entry, index) => {
      const at = { path: `${place.path}[${index}]`, words: place.words };
      return entry === null ? zeroOf(field) : this.#single(field, entry, at);
    });
  }

  #map(field: Field, item: Json, place: Place): Json {
    if (!isObject(item)) throw this.#mismatch(item, goType(field), place);
    const value: Draft = {};
    for (const [key, entry] of Object.entries(item)) {
      if (entry === undefined) continue;
      const decoded =
        entry === null ? zeroOf(field) : this.#single(field, entry, below(place, key));
      set(value, key, decoded);
    }
    return value;
  }

  #single(field: Field, item: Json, place: Place): Json {
    if (field.message !== undefined) {
      if (!isObject(item)) throw this.#mismatch(item, goName(field), place);
      return this.message(field.message, item, place);
    }
    return this.#scalar(field.scalar ?? 'raw', item, place);
  }

  #scalar(scalar: Scalar, item: Json, place: Place): Json {
    const reader = readers[scalar];
    try {
      const value = reader(item);
      if (value !== undefined) return value;
    } catch (error) {
      if (!isDomainError(error, 'invalid')) throw error;
      throw new DomainError('invalid', `${place.path}: ${error.message}`, { cause: error });
    }
    throw this.#mismatch(item, goNames[scalar], place);
  }

  #mismatch(item: Json, wanted: string, place: Place): DomainError {
    const found = describe(item);
    const where = `${this.#owner}.${place.words}`;
    return new DomainError(
      'invalid',
      `json: cannot unmarshal ${found} into Go struct field ${where} of type ${wanted}`,
    );
  }
}

function below({ path, words }: Place, name: string): Place {
  return path === ''
    ? { path: name, words: name }
    : { path: `${path}.${name}`, words: `${words}.${name}` };
}

/** The value in its one form; undefined where the type is wrong. */
const readers: Readonly<Record<Scalar, (item: Json) => Json | undefined>> = {
  string: text,
  bool: (item) => (typeof item === 'boolean' ? item : undefined),
  int32: (item) => integer(item, 2 ** 31),
  int64: (item) => integer(item, 2 ** 63),
  bytes: (item) => (typeof item === 'string' ? checkedBase64(item) : undefined),
  quantity: (item) =>
    typeof item === 'string' || typeof item === 'number'
      ? canonicalQuantity(String(item))
      : undefined,
  intOrString: (item) => (typeof item === 'string' ? item : integer(item, 2 ** 31)),
  time: (item) => (typeof item === 'string' ? canonicalTime(item) : undefined),
  microTime: (item) => (typeof item === 'string' ? canonicalMicroTime(item) : undefined),
  raw: (item) => item,
  fields: (item) => (isObject(item) ? item : undefined),
  strings: (item) =>
    isList(item) && item.every((entry) => typeof entry === 'string') ? item : undefined,
};

function text(item: Json): string | undefined {
  return typeof item === 'string' ? item : undefined;
}

function integer(item: Json, limit: number): number | undefined {
  if (typeof item !== 'number' || !Number.isInteger(item)) return undefined;
  return item >= -limit && item < limit ? item : undefined;
}

function checkedBase64(item: string): string {
  const bare = item.replace(/[\r\n]/g, '');
  if (bare.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(bare)) return bare;
  const at = bare.search(/[^A-Za-z0-9+/]/);
  throw new DomainError('invalid', `illegal base64 data at input byte ${Math.max(at, 0)}`);
}

/** What Go has for null in a list or a map. */
function zeroOf(field: Field): Json {
  if (field.message !== undefined) return {};
  if (field.scalar === 'bool') return false;
  if (field.scalar === 'quantity') return '0';
  if (field.scalar === 'raw') return null;
  if (field.scalar === 'strings') return [];
  return field.scalar === 'int32' || field.scalar === 'int64' ? 0 : '';
}

const goNames: Readonly<Record<Scalar, string>> = {
  string: 'string',
  bool: 'bool',
  int32: 'int32',
  int64: 'int64',
  bytes: '[]uint8',
  quantity: 'resource.Quantity',
  intOrString: 'intstr.IntOrString',
  time: 'v1.Time',
  microTime: 'v1.MicroTime',
  raw: 'runtime.RawExtension',
  fields: 'v1.FieldsV1',
  strings: '[]string',
};

function goType(field: Field): string {
  const inner = goName(field);
  if (field.shape === 'list') return `[]${inner}`;
  return field.shape === 'map' ? `map[string]${inner}` : inner;
}

function goName(field: Field): string {
  if (field.message === undefined) return goNames[field.scalar ?? 'raw'];
  const [, version = '', name = ''] = field.message.name.split('.');
  return `${version}.${name}`;
}

function shortName(type: MessageType): string {
  return type.name.slice(type.name.lastIndexOf('.') + 1);
}

function describe(item: Json): string {
  if (isList(item)) return 'array';
  if (typeof item === 'number') return Number.isInteger(item) ? 'number' : `number ${item}`;
  if (typeof item === 'boolean') return 'bool';
  return typeof item === 'string' ? 'string' : 'object';
}
