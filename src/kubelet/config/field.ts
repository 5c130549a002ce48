import { isList, isObject, type Json } from '../../api/json.ts';
import { parseQuantity, wholeValue } from '../../api/quantity.ts';
import { DomainError } from '../../base/error.ts';
import { parseDuration } from './duration.ts';

/** One field of a configuration: what it is when nobody says, and how it is read. */
export interface Field<Value> {
  /** As the file would have it. */
  readonly fallback: Json;
  /** False for what is known and has no effect here unless it has its default. */
  readonly honoured: boolean;
  /** Throws DomainError `invalid` with what was expected. */
  readonly read: (value: Json, path: string) => Value;
}

export type Values<Fields extends Readonly<Record<string, Field<unknown>>>> = {
  readonly [Name in keyof Fields]: ReturnType<Fields[Name]['read']>;
};

export function wrong(path: string, value: Json | undefined, expected: string): DomainError {
  return new DomainError('invalid', `${path} is ${JSON.stringify(value)}, not ${expected}`);
}

/** A field whose value matters only to what is not done here. */
export function ignored(fallback: Json): Field<Json> {
  return { fallback, honoured: false, read: (value) => value };
}

export function flag(fallback: boolean): Field<boolean> {
  return {
    fallback,
    honoured: true,
    read(value, path) {
      if (typeof value === 'boolean') return value;
      throw wrong(path, value, 'true or false');
    },
  };
}

export function text(fallback: string, allowed = /^[^\0]*$/, expected = 'text'): Field<string> {
  return {
    fallback,
    honoured: true,
    read(value, path) {
      if (typeof value === 'string' && allowed.test(value)) return value;
      throw wrong(path, value, expected);
    },
  };
}

export function choice<Word extends string>(fallback: Word, ...others: Word[]): Field<Word> {
  const words = [fallback, ...others];
  return {
    fallback,
    honoured: true,
    read(value, path) {
      const found = words.find((word) => word === value);
      if (found !== undefined) return found;
      throw wrong(path, value, `one of ${words.map((word) => JSON.stringify(word)).join(', ')}`);
    },
  };
}

export function whole(fallback: number, least: number, most = 2 ** 31 - 1): Field<number> {
  return {
    fallback,
    honoured: true,
    read(value, path) {
      if (Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most) {
        return Number(value);
      }
      throw wrong(path, value, `a whole number from ${least} to ${most}`);
    },
  };
}

/** Milliseconds. */
export function duration(fallback: string): Field<number> {
  return { fallback, honoured: true, read: readDuration };
}

export function readDuration(value: Json, path: string): number {
  const ms = typeof value === 'string' ? parseDuration(value) : undefined;
  if (ms !== undefined && ms >= 0) return ms;
  throw wrong(path, value, 'a duration such as "1m30s"');
}

/** Bytes. */
export function size(fallback: string): Field<number> {
  return { fallback, honoured: true, read: readSize };
}

export function readSize(value: Json, path: string): number {
  if (typeof value === 'string' || typeof value === 'number') {
    try {
      const bytes = wholeValue(parseQuantity(String(value)));
      if (bytes >= 0) return bytes;
    } catch {
      // Told below, with the field's name.
    }
  }
  throw wrong(path, value, 'a quantity such as "10Mi"');
}

export function texts(fallback: readonly string[], allowed = /^[^\0]+$/): Field<string[]> {
  return {
    fallback,
    honoured: true,
    read(value, path) {
      if (!isList(value)) throw wrong(path, value, 'a list of texts');
      return value.map((item) => {
        if (typeof item === 'string' && allowed.test(item)) return item;
        throw wrong(path, item, 'what may stand there');
      });
    },
  };
}

/** A mapping whose values are read each by itself. */
export function mapping<Value>(
  fallback: Readonly<Record<string, Json>>,
  { read, keys }: { read: (value: Json, path: string) => Value; keys?: readonly string[] },
): Field<ReadonlyMap<string, Value>> {
  return {
    fallback,
    honoured: true,
    read(value, path) {
      if (!isObject(value)) throw wrong(path, value, 'a mapping');
      return new Map(
        Object.entries(value).map(([key, item]) => {
          if (keys !== undefined && !keys.includes(key)) {
            throw wrong(path, key, `one of ${keys.join(', ')}`);
          }
          return [key, read(item ?? null, `${path}.${key}`)];
        }),
      );
    },
  };
}

/** The same field where what it asks for is not done here. */
export function unsupported<Value>(field: Field<Value>): Field<Value> {
  return { ...field, honoured: false };
}
