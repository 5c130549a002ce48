import { isList, textOf } from '../json.ts';
import { type Fault, forbiddenField, invalid, notSupported, required } from '../validate/fault.ts';
import { itemsOf, propertyOf, type Schema } from './schema.ts';

/** `x-kubernetes-list-type`, `-list-map-keys` and `-map-type`, and what they ask of a schema. */
export function listRuleFaults(schema: Schema, path: string): Fault[] {
  return [...mapFaults(schema, path), ...listFaults(schema, path)];
}

function mapFaults(schema: Schema, path: string): Fault[] {
  const kind = schema['x-kubernetes-map-type'];
  if (kind === undefined) return [];
  const faults = ofType(schema, 'object', { path, rule: 'x-kubernetes-map-type' });
  return kind === 'atomic' || kind === 'granular'
    ? faults
    : [...faults, notSupported(`${path}.x-kubernetes-map-type`, kind, ['atomic', 'granular'])];
}

function listFaults(schema: Schema, path: string): Fault[] {
  const kind = textOf(schema['x-kubernetes-list-type']);
  const keys = schema['x-kubernetes-list-map-keys'];
  const hasKeys = isList(keys) && keys.length > 0;
  const faults: Fault[] = [];
  if (hasKeys && kind !== 'map') {
    const words = 'must be map if x-kubernetes-list-map-keys is non-empty';
    const at = `${path}.x-kubernetes-list-type`;
    faults.push(kind === '' ? required(at, words) : invalid(at, kind, words));
  }
  if (kind === '') return faults;
  faults.push(...ofType(schema, 'array', { path, rule: 'x-kubernetes-list-type' }));
  if (!['atomic', 'set', 'map'].includes(kind)) {
    const at = `${path}.x-kubernetes-list-type`;
    return [...faults, notSupported(at, kind, ['atomic', 'set', 'map'])];
  }
  const items = itemsOf(schema);
  if (kind !== 'atomic' && items?.['nullable'] === true) {
    const words = `cannot be nullable when x-kubernetes-list-type is ${kind}`;
    faults.push(forbiddenField(`${path}.items.nullable`, words));
  }
  if (kind === 'set') return [...faults, ...setFaults(items, path)];
  return kind === 'map' ? [...faults, ...keyFaults(schema, path)] : faults;
}

function ofType(
  schema: Schema,
  wanted: string,
  { path, rule }: { readonly path: string; readonly rule: string },
): Fault[] {
  const type = textOf(schema['type']);
  if (type === wanted) return [];
  const words = `must be ${wanted} if ${rule} is specified`;
  return [type === '' ? required(`${path}.type`, words) : invalid(`${path}.type`, type, words)];
}

/** Entries are compared as wholes. */
function setFaults(items: Schema | undefined, path: string): Fault[] {
  const words = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  const inner = items?.['x-kubernetes-list-type'];
  if (items?.['type'] === 'array' && inner !== undefined && inner !== 'atomic') {
    return [invalid(`${path}.items.x-kubernetes-list-type`, inner, words)];
  }
  if (items?.['type'] === 'object' && items['x-kubernetes-map-type'] !== 'atomic') {
    const at = `${path}.items.x-kubernetes-map-type`;
    return [invalid(at, items['x-kubernetes-map-type'] ?? null, words)];
  }
  return [];
}

function keyFaults(schema: Schema, path: string): Fault[] {
  const keys = schema['x-kubernetes-list-map-keys'];
  const items = itemsOf(schema);
  const faults: Fault[] = [];
  if (!isList(keys) || keys.length === 0) {
    const words = 'must not be empty if x-kubernetes-list-type is map';
    return [required(`${path}.x-kubernetes-list-map-keys`, words)];
  }
  if (items === undefined) {
    const words = 'must have a schema if x-kubernetes-list-type is map';
    return [required(`${path}.items`, words)];
  }
  if (items['type'] !== 'object') {
    const words = "must be object if parent array's x-kubernetes-list-type is map";
    faults.push(invalid(`${path}.items.type`, items['type'] ?? '', words));
  }
  const needed = isList(items['required']) ? items['required'] : [];
  keys.forEach((key, index) => {
    const name = textOf(key);
    const at = `${path}.x-kubernetes-list-map-keys`;
    if (keys.indexOf(key) < index) {
      faults.push(invalid(at, keys, 'must not contain duplicate entries'));
    }
    const property = propertyOf(items, name);
    if (property === undefined) {
      faults.push(invalid(at, keys, 'entries must all be names of item properties'));
      return;
    }
    const place = `${path}.items.properties[${name}]`;
    if (['array', 'object'].includes(textOf(property['type']))) {
      const words = "must be a scalar type if parent array's x-kubernetes-list-type is map";
      faults.push(invalid(`${place}.type`, property['type'] ?? '', words));
    }
    if (property['default'] === undefined && !needed.includes(name)) {
      const words =
        'this property is in x-kubernetes-list-map-keys, so it must have a default or be a ' +
        'required property';
      faults.push(required(`${place}.default`, words));
    }
    if (property['nullable'] === true) {
      const words = 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable';
      faults.push(forbiddenField(`${place}.nullable`, words));
    }
  });
  return faults;
}
