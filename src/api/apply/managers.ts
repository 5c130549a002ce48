import { type Draft, isList, isObject, type JsonObject, objectIn, textOf } from '../json.ts';
import { decodeFieldSet, encodeFieldSet, type FieldSet, isEmptySet, union } from './field-set.ts';

/** Who set which fields, and how. */
export interface Manager {
  readonly name: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string;
  readonly fields: FieldSet;
}

/** What names a manager: one program may both apply and update. */
export type ManagerKey = Pick<Manager, 'name' | 'operation' | 'subresource'>;

/** More are not kept: the oldest ones of updates become one. */
const mostUpdaters = 10;

export function isSameManager(left: ManagerKey, right: ManagerKey): boolean {
  return (
    left.name === right.name &&
    left.operation === right.operation &&
    left.subresource === right.subresource
  );
}

/** Anybody may write the list: what makes no sense in it is left out. */
export function readManagers(object: JsonObject): readonly Manager[] {
  const list = objectIn(object, 'metadata')['managedFields'];
  return (isList(list) ? list : []).flatMap((entry) => {
    if (!isObject(entry)) return [];
    const { manager, operation, apiVersion, subresource, time, fieldsV1 } = entry;
    if ((operation !== 'Apply' && operation !== 'Update') || !isObject(fieldsV1)) return [];
    return [
      {
        name: textOf(manager),
        operation,
        apiVersion: textOf(apiVersion),
        subresource: textOf(subresource),
        time: textOf(time),
        fields: decodeFieldSet(fieldsV1),
      },
    ];
  });
}

export function writeManagers(object: Draft, managers: readonly Manager[]): void {
  const metadata: Draft = { ...objectIn(object, 'metadata') };
  object['metadata'] = metadata;
  const kept = bounded(managers.filter(({ fields }) => !isEmptySet(fields)));
  if (kept.length === 0) Reflect.deleteProperty(metadata, 'managedFields');
  else metadata['managedFields'] = kept.map(encodeManager);
}

function encodeManager({
  name,
  operation,
  apiVersion,
  subresource,
  time,
  fields,
}: Manager): JsonObject {
  return {
    manager: name,
    operation,
    apiVersion,
    ...(time !== '' && { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: encodeFieldSet(fields),
    ...(subresource !== '' && { subresource }),
  };
}

/** Each pod of a controller may be a manager of its own: without a bound the list would grow. */
function bounded(managers: readonly Manager[]): readonly Manager[] {
  const updaters = managers.filter(({ operation }) => operation === 'Update');
  if (updaters.length <= mostUpdaters) return managers;
  const oldest = updaters.toSorted((a, b) => (a.time < b.time ? -1 : 1));
  const merged = new Set(oldest.slice(0, updaters.length - mostUpdaters + 1));
  const [first] = merged;
  if (first === undefined) return managers;
  const fields = [...merged].map((manager) => manager.fields).reduce(union);
  const one: Manager = { ...first, name: 'ancient-changes', fields };
  return [one, ...managers.filter((manager) => !merged.has(manager))];
}
