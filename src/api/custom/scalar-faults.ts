import { isDomainError } from '../../base/error.ts';
import { equal, isList, type Json, textOf } from '../json.ts';
import { Pattern } from '../pattern/pattern.ts';
import { type Fault, invalid, notSupported, tooLong, tooMany } from '../validate/fault.ts';
import { isOfFormat } from './formats.ts';
import type { Schema } from './schema.ts';

export function stringFaults(schema: Schema, value: string, path: string): Fault[] {
  const faults: Fault[] = [];
  const { maxLength, minLength } = schema;
  const length =
    typeof maxLength === 'number' || typeof minLength === 'number' ? Array.from(value).length : 0;
  if (typeof maxLength === 'number' && length > maxLength) faults.push(tooLong(path, maxLength));
  if (typeof minLength === 'number' && length < minLength) {
    faults.push(invalid(path, value, `${path} in body should be at least ${minLength} chars long`));
  }
  const pattern = textOf(schema['pattern']);
  if (pattern !== '') faults.push(...patternFaults(pattern, value, path));
  const format = textOf(schema['format']);
  if (!isOfFormat(format, value)) {
    const words = `${path} in body must be of type ${format}: ${JSON.stringify(value)}`;
    faults.push({ ...invalid(path, value, words), reason: 'FieldValueTypeInvalid' });
  }
  return faults;
}

function patternFaults(source: string, value: string, path: string): Fault[] {
  const found = patternOf(source)?.test(value);
  if (found === true) return [];
  const words =
    found === false
      ? `${path} in body should match '${source}'`
      : `${path} in body takes too long to be matched with '${source}'`;
  return [invalid(path, value, words)];
}

const patterns = new Map<string, Pattern | undefined>();
const mostPatterns = 1000;

function patternOf(source: string): Pattern | undefined {
  if (!patterns.has(source)) {
    if (patterns.size >= mostPatterns) patterns.clear();
    patterns.set(source, readPattern(source));
  }
  return patterns.get(source);
}

/** Undefined for one that was right when its definition was made, by other rules. */
function readPattern(source: string): Pattern | undefined {
  try {
    return new Pattern(source);
  } catch (error) {
    if (isDomainError(error, 'invalid')) return undefined;
    throw error;
  }
}

export function numberFaults(schema: Schema, value: number, path: string): Fault[] {
  const { maximum, minimum, multipleOf, format } = schema;
  const faults: Fault[] = [];
  const add = (words: string) => faults.push(invalid(path, value, words));
  if (format === 'int32' && Number.isInteger(value) && Math.abs(value + 0.5) > 2 ** 31) {
    add(`Checked value must be of type integer with format int32 in ${path}`);
  }
  if (typeof multipleOf === 'number' && multipleOf > 0 && !isMultiple(value, multipleOf)) {
    add(`${path} in body should be a multiple of ${multipleOf}`);
  }
  if (typeof maximum === 'number') {
    if (schema['exclusiveMaximum'] === true) {
      if (value >= maximum) add(`${path} in body should be less than ${maximum}`);
    } else if (value > maximum) add(`${path} in body should be less than or equal to ${maximum}`);
  }
  if (typeof minimum === 'number') {
    if (schema['exclusiveMinimum'] === true) {
      if (value <= minimum) add(`${path} in body should be greater than ${minimum}`);
    } else if (value < minimum)
      add(`${path} in body should be greater than or equal to ${minimum}`);
  }
  return faults;
}

function isMultiple(value: number, factor: number): boolean {
  const times = value / factor;
  return Math.abs(times - Math.round(times)) < 1e-9;
}

/** How many entries or fields there are. */
export function sizeFaults(
  schema: Schema,
  what: 'Items' | 'Properties',
  { count, path }: { readonly count: number; readonly path: string },
): Fault[] {
  const least = schema[`min${what}`];
  const most = schema[`max${what}`];
  const faults: Fault[] = [];
  const at = path === '' ? '<nil>' : path;
  if (typeof least === 'number' && count < least) {
    const words = `${path} in body should have at least ${least} ${what.toLowerCase()}`;
    faults.push(invalid(at, count, words));
  }
  if (typeof most === 'number' && count > most) faults.push(tooMany(at, count, most));
  return faults;
}

export function enumFaults(schema: Schema, value: Json, path: string): Fault[] {
  const allowed = schema['enum'];
  if (!isList(allowed) || allowed.some((one) => equal(one, value))) return [];
  const words = allowed.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)));
  return [notSupported(path, value, words)];
}
