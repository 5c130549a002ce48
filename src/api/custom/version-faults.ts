import { isDomainError } from '../../base/error.ts';
import { isObject, type JsonObject, objectIn, textOf } from '../json.ts';
import { entries } from '../validate/check.ts';
import { duplicate, type Fault, invalid, required } from '../validate/fault.ts';
import { parseJsonPath } from './json-path.ts';
import { propertyOf, type Schema } from './schema.ts';

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = [
  'byte',
  'date',
  'date-time',
  'double',
  'float',
  'int32',
  'int64',
  'password',
];
const mostSelectable = 8;

export function columnFaults(version: JsonObject, path: string): Fault[] {
  return entries(version['additionalPrinterColumns']).flatMap((column, index) => {
    const at = `${path}[${index}]`;
    const faults: Fault[] = [];
    const type = textOf(column['type']);
    const format = textOf(column['format']);
    if (type !== '' && !columnTypes.includes(type)) {
      faults.push(invalid(`${at}.type`, type, `must be one of ${columnTypes.join(',')}`));
    }
    if (format !== '' && !columnFormats.includes(format)) {
      faults.push(invalid(`${at}.format`, format, `must be one of ${columnFormats.join(',')}`));
    }
    const jsonPath = textOf(column['jsonPath']);
    return jsonPath === '' ? faults : [...faults, ...pathFaults(jsonPath, `${at}.JSONPath`)];
  });
}

function pathFaults(jsonPath: string, path: string): Fault[] {
  if (!jsonPath.startsWith('.') && !jsonPath.startsWith('$')) {
    return [invalid(path, jsonPath, 'must be a simple json path starting with .')];
  }
  try {
    parseJsonPath(jsonPath);
    return [];
  } catch (error) {
    if (!isDomainError(error, 'invalid')) throw error;
    return [invalid(path, jsonPath, `is an invalid path: ${error.message}`)];
  }
}

/** The scale's paths are plain ones: they are written to as well. */
export function scaleFaults(version: JsonObject, path: string): Fault[] {
  const { scale } = objectIn(version, 'subresources');
  if (!isObject(scale)) return [];
  const rules: readonly (readonly [string, RegExp, string])[] = [
    ['specReplicasPath', /^\.spec\./, 'under .spec'],
    ['statusReplicasPath', /^\.status\./, 'under .status'],
    ['labelSelectorPath', /^\.(spec|status)\./, 'under either .spec or .status'],
  ];
  return rules.flatMap(([field, form, place]) => {
    const value = textOf(scale[field]);
    if (value === '') return [];
    const at = `${path}.scale.${field}`;
    if (!value.startsWith('.')) {
      return [invalid(at, value, 'must be a simple json path starting with .')];
    }
    if (!/^(\.[A-Za-z_][-\w]*)+$/.test(value)) {
      return [invalid(at, value, 'must be a json path in the dot notation')];
    }
    return form.test(value) ? [] : [invalid(at, value, `should be a json path ${place}`)];
  });
}

export function selectableFaults(version: JsonObject, path: string): Fault[] {
  const fields = entries(version['selectableFields']);
  const schema = objectIn(objectIn(version, 'schema'), 'openAPIV3Schema');
  const seen = new Set<string>();
  const faults = fields.flatMap(({ jsonPath }, index) => {
    const at = `${path}[${index}].jsonPath`;
    const text = textOf(jsonPath);
    if (text === '') return [required(at)];
    if (seen.has(text)) return [duplicate(at, text)];
    seen.add(text);
    if (!/^(\.[A-Za-z_][-\w]*)+$/.test(text)) {
      return [invalid(at, text, 'is an invalid path: only plain paths are supported')];
    }
    if (text.startsWith('.metadata')) {
      return [invalid(at, text, 'must not point to fields in metadata')];
    }
    const type = text.slice(1).split('.').reduce<Schema | undefined>(propertyOf, schema)?.['type'];
    if (['string', 'boolean', 'integer'].includes(textOf(type))) return [];
    const words =
      'must point to a field of type string, boolean or integer. Enum string fields and strings ' +
      'with formats are allowed.';
    return [invalid(at, text, words)];
  });
  if (fields.length <= mostSelectable) return faults;
  const words = `Too many: ${fields.length}: must have at most ${mostSelectable} items`;
  return [...faults, { reason: 'FieldValueTooMany', path, words }];
}
