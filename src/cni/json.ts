import { CniCode, CniError } from './cni-error.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Parses a document that must be an object. Throws CniError 6 with `what` in its text. */
export function parseObject(text: string, what: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new CniError(CniCode.decode, `Cannot parse ${what}`, String(error));
  }
  if (!isObject(value)) throw new CniError(CniCode.decode, `Cannot parse ${what}: not an object`);
  return value;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads fields of one document; every error names the document and the field. */
export class Fields {
  readonly #document: JsonObject;
  readonly #what: string;

  constructor(document: JsonObject, what: string) {
    this.#document = document;
    this.#what = what;
  }

  string(key: string): string {
    return this.#get(key, kinds.string) ?? '';
  }

  /** libcni takes `"true"` for `true`, so configurations with either exist. */
  boolean(key: string): boolean {
    const value = this.#document[key];
    if (value === 'true' || value === 'false') return value === 'true';
    return this.#get(key, kinds.boolean) ?? false;
  }

  /** Undefined when absent: an interface index of 0 is not the same as none. */
  index(key: string): number | undefined {
    return this.#get(key, kinds.index);
  }

  strings(key: string): readonly string[] {
    return this.#get(key, kinds.strings) ?? [];
  }

  objects(key: string): readonly JsonObject[] {
    return this.#get(key, kinds.objects) ?? [];
  }

  object(key: string): JsonObject | undefined {
    return this.#get(key, kinds.object);
  }

  fail(key: string, problem: string): never {
    throw new CniError(
      CniCode.invalidConfiguration,
      `Field "${key}" of ${this.#what} ${problem}`,
      JSON.stringify(this.#document[key])?.slice(0, 200),
    );
  }

  #get<Value>(key: string, kind: Kind<Value>): Value | undefined {
    const value = this.#document[key];
    if (value === undefined || value === null) return undefined;
    if (!kind.fits(value)) this.fail(key, `is not ${kind.name}`);
    return value;
  }
}

interface Kind<Value> {
  readonly name: string;
  fits(value: unknown): value is Value;
}

const kinds = {
  string: { name: 'a string', fits: (value) => typeof value === 'string' } satisfies Kind<string>,
  boolean: {
    name: 'a boolean',
    fits: (value) => typeof value === 'boolean',
  } satisfies Kind<boolean>,
  index: {
    name: 'a whole number',
    fits: (value): value is number => Number.isSafeInteger(value) && Number(value) >= 0,
  } satisfies Kind<number>,
  strings: {
    name: 'a list of strings',
    fits: (value): value is readonly string[] =>
      Array.isArray(value) && value.every((entry) => typeof entry === 'string'),
  } satisfies Kind<readonly string[]>,
  objects: {
    name: 'a list of objects',
    fits: (value): value is readonly JsonObject[] => Array.isArray(value) && value.every(isObject),
  } satisfies Kind<readonly JsonObject[]>,
  object: { name: 'an object', fits: isObject } satisfies Kind<JsonObject>,
};
