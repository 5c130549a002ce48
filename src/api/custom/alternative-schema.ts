import { schemaLimits } from '../../base/schema-limits.ts';
import { equal, isList, isObject, type Json } from '../json.ts';
import { type Fault, forbiddenField, required } from '../validate/fault.ts';
import { patternFaults } from './pattern-faults.ts';
import { alternativesOf, itemsOf, propertiesOf, propertyOf, type Schema } from './schema.ts';

interface Place {
  readonly path: string;
  readonly depth: number;
}

/** A level of the structure, and an alternative that is about the same values. */
interface Pair {
  readonly structure: Schema | undefined;
  readonly structurePath: string;
  readonly alternative: Schema;
  /** It stands where either type may be named: `anyOf: [{type: integer}, {type: string}]`. */
  readonly mayHaveType: boolean;
}

const eitherType: Json = [{ type: 'integer' }, { type: 'string' }];

/** What `allOf`, `anyOf`, `oneOf` and `not` say may restrict values, and not say what there is. */
export function alternativeLevelFaults(schema: Schema, { path, depth }: Place): Fault[] {
  const mayBeEither = schema['x-kubernetes-int-or-string'] === true;
  const pair = { structure: schema, structurePath: path, mayHaveType: mayBeEither };
  return below({ ...pair, alternative: schema }, { path, depth });
}

function below(pair: Pair, { path, depth }: Place): Fault[] {
  const { alternative } = pair;
  const faults: Fault[] = [];
  for (const name of ['allOf', 'anyOf', 'oneOf'] as const) {
    const isEither = name === 'anyOf' && equal(alternative['anyOf'], eitherType);
    alternativesOf(alternative, name).forEach((one, index) => {
      const at = { path: `${path}.${name}[${index}]`, depth: depth + 1 };
      const mayHaveType = isEither && pair.mayHaveType;
      faults.push(...nested({ ...pair, alternative: one }, at, mayHaveType));
    });
  }
  const { not } = alternative;
  if (isObject(not)) {
    const at = { path: `${path}.not`, depth: depth + 1 };
    faults.push(...nested({ ...pair, alternative: not }, at, false));
  }
  return faults;
}

const structural: Readonly<Record<string, string>> = {
  default: 'must be undefined to be structural',
  additionalProperties: 'must be undefined to be structural',
  title: 'must be empty to be structural',
  description: 'must be empty to be structural',
  nullable: 'must be false to be structural',
  'x-kubernetes-preserve-unknown-fields': 'must be false to be structural',
  'x-kubernetes-embedded-resource': 'must be false to be structural',
  'x-kubernetes-int-or-string': 'must be false to be structural',
  'x-kubernetes-list-map-keys': 'must be empty to be structural',
  'x-kubernetes-list-type': 'must be undefined to be structural',
  'x-kubernetes-map-type': 'must be undefined to be structural',
  'x-kubernetes-validations': 'must be empty to be structural',
};

function nested(pair: Pair, place: Place, mayHaveType: boolean): Fault[] {
  const { alternative, structure, structurePath } = pair;
  const { path, depth } = place;
  if (depth > schemaLimits.depth) {
    const words = `a schema may not be more than ${schemaLimits.depth} levels deep`;
    return [forbiddenField(path, words)];
  }
  if (structure === undefined) return [required(structurePath, `because it is defined in ${path}`)];
  const faults = Object.entries(structural).flatMap(([name, words]) => {
    const value = alternative[name];
    const isSaid = value !== undefined && value !== false && value !== '' && !isEmpty(value);
    return isSaid ? [forbiddenField(`${path}.${name}`, words)] : [];
  });
  if (alternative['type'] !== undefined && !mayHaveType) {
    faults.push(forbiddenField(`${path}.type`, 'must be empty to be structural'));
  }
  faults.push(...patternFaults(alternative, path), ...below(pair, place));
  const items = itemsOf(alternative);
  if (items !== undefined) {
    const inner = { structure: itemsOf(structure), structurePath: `${structurePath}.items` };
    const at = { path: `${path}.items`, depth: depth + 1 };
    faults.push(...nested({ ...pair, ...inner, alternative: items }, at, false));
  }
  for (const [name, property] of propertiesOf(alternative)) {
    const inner = {
      structure: propertyOf(structure, name),
      structurePath: `${structurePath}.properties[${name}]`,
    };
    const at = { path: `${path}.properties[${name}]`, depth: depth + 1 };
    faults.push(...nested({ ...pair, ...inner, alternative: property }, at, false));
  }
  return faults;
}

function isEmpty(value: Json): boolean {
  return isList(value) && value.length === 0;
}
