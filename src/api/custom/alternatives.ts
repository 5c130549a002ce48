import type { Json } from '../json.ts';
import { isObject } from '../json.ts';
import { type Fault, invalid } from '../validate/fault.ts';
import { alternativesOf, type Schema } from './schema.ts';

interface Subject {
  readonly value: Json;
  readonly old: Json | undefined;
  readonly path: string;
}

interface Checker {
  check(schema: Schema, subject: Subject): Fault[];
}

/** `anyOf`, `oneOf`, `allOf` and `not`, whose faults are of the whole and have no path. */
export function alternativeFaults(checker: Checker, schema: Schema, subject: Subject): Fault[] {
  const { path } = subject;
  const whole = JSON.stringify(path);
  const found = (name: string) =>
    // What was there before does not make an alternative right.
    alternativesOf(schema, name).map((one) => checker.check(one, { ...subject, old: undefined }));
  const faults: Fault[] = [];
  const any = found('anyOf');
  if (any.length > 0 && !any.some(isRight)) {
    faults.push(ofWhole(`${whole} must validate at least one schema (anyOf)`), ...nearestOf(any));
  }
  const one = found('oneOf');
  const right = one.filter(isRight).length;
  if (one.length > 0 && right !== 1) {
    const many = right === 0 ? 'Found none valid' : `Found ${right} valid alternatives`;
    faults.push(ofWhole(`${whole} must validate one and only one schema (oneOf). ${many}`));
    if (right === 0) faults.push(...nearestOf(one));
  }
  const all = found('allOf');
  if (!all.every(isRight)) {
    const none = all.some(isRight) ? '' : '. None validated';
    faults.push(...all.flat(), ofWhole(`${whole} must validate all the schemas (allOf)${none}`));
  }
  const not = schema['not'];
  if (isObject(not) && isRight(checker.check(not, { ...subject, old: undefined }))) {
    faults.push(ofWhole(`${whole} must not validate the schema (not)`));
  }
  return faults;
}

function isRight(faults: readonly Fault[]): boolean {
  return faults.length === 0;
}

function ofWhole(words: string): Fault {
  return invalid('<nil>', '', words);
}

/** What is the least wrong of the alternatives is what somebody meant. */
function nearestOf(all: readonly (readonly Fault[])[]): readonly Fault[] {
  return all.reduce((best, other) => (other.length < best.length ? other : best), all[0] ?? []);
}
