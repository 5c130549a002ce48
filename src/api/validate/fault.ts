import type { Json } from '../json.ts';
import type { Kind } from '../kind.ts';
import { ApiError, type Cause } from '../status.ts';

export type FaultReason =
  | 'FieldValueRequired'
  | 'FieldValueInvalid'
  | 'FieldValueNotFound'
  | 'FieldValueNotSupported'
  | 'FieldValueDuplicate'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTypeInvalid';

/** One thing that is wrong with an object, in the words of Kubernetes. */
export interface Fault {
  readonly reason: FaultReason;
  /** `spec.containers[0].name` */
  readonly path: string;
  /** What follows the path. */
  readonly words: string;
}

export function required(path: string, detail = ''): Fault {
  const words = detail === '' ? 'Required value' : `Required value: ${detail}`;
  return { reason: 'FieldValueRequired', path, words };
}

export function invalid(path: string, value: Json, detail: string): Fault {
  const words = `Invalid value: ${JSON.stringify(value)}: ${detail}`;
  return { reason: 'FieldValueInvalid', path, words };
}

export function notSupported(path: string, value: Json, supported: readonly string[]): Fault {
  const list = supported
    .toSorted()
    .map((word) => JSON.stringify(word))
    .join(', ');
  const words = `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`;
  return { reason: 'FieldValueNotSupported', path, words };
}

export function duplicate(path: string, value: Json): Fault {
  const words = `Duplicate value: ${JSON.stringify(value)}`;
  return { reason: 'FieldValueDuplicate', path, words };
}

/** What is referred to is not there. */
export function missing(path: string, value: Json): Fault {
  return { reason: 'FieldValueNotFound', path, words: `Not found: ${JSON.stringify(value)}` };
}

export function forbiddenField(path: string, detail: string): Fault {
  return { reason: 'FieldValueForbidden', path, words: `Forbidden: ${detail}` };
}

export function tooLong(path: string, bytes: number): Fault {
  const words = `Too long: may not be more than ${bytes} bytes`;
  return { reason: 'FieldValueTooLong', path, words };
}

export function tooMany(path: string, found: number, most: number): Fault {
  const words = `Too many: ${found}: must have at most ${most} items`;
  return { reason: 'FieldValueTooMany', path, words };
}

/** All that is wrong with one object as one refusal: `Pod "web" is invalid: …`. */
export function invalidObject(
  { group, kind }: Pick<Kind, 'group' | 'kind'>,
  name: string,
  faults: readonly Fault[],
): ApiError {
  const texts = [...new Set(faults.map(({ path, words }) => `${path}: ${words}`))];
  const list = texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`;
  const qualified = group === '' ? kind : `${kind}.${group}`;
  const causes: Cause[] = faults.map(({ reason, path, words }) => ({
    reason,
    message: words,
    field: path,
  }));
  const details = { name, ...(group !== '' && { group }), kind, causes };
  return new ApiError(
    'Invalid',
    `${qualified} ${JSON.stringify(name)} is invalid: ${list}`,
    details,
  );
}
