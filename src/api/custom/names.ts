import { equal, isList, type Json, type JsonObject, objectIn, textOf } from '../json.ts';
import { entries } from '../validate/check.ts';

/** The finalizer that holds a definition until its objects are gone. */
export const cleanup = 'customresourcecleanup.apiextensions.k8s.io';

const single = [
  ['plural', 'PluralConflict'],
  ['singular', 'SingularConflict'],
] as const;
const ofKind = [
  ['kind', 'KindConflict'],
  ['listKind', 'ListKindConflict'],
] as const;

/**
 * The status that a definition has beside the others of its group: which of its names it has, and
 * whether it is served. Names are whose they were first.
 */
export function statusOf(
  definition: JsonObject,
  others: readonly JsonObject[],
  time: string,
): JsonObject {
  const status = objectIn(definition, 'status');
  const spec = objectIn(definition, 'spec');
  const { names, reason, message } = acceptNames(definition, others);
  const accepted = reason === 'NoConflicts';
  const isServed = conditionIn(status, 'Established')?.['status'] === 'True' || accepted;
  const conditions = [
    { type: 'NamesAccepted', status: accepted ? 'True' : 'False', reason, message },
    isServed
      ? {
          type: 'Established',
          status: 'True',
          reason: 'InitialNamesAccepted',
          message: 'the initial names have been accepted',
        }
      : {
          type: 'Established',
          status: 'False',
          reason: 'NotAccepted',
          message: 'not all names are accepted',
        },
    ...(objectIn(definition, 'metadata')['deletionTimestamp'] === undefined ? [] : [terminating]),
  ];
  const storage = entries(spec['versions']).find((version) => version['storage'] === true);
  const before = isList(status['storedVersions']) ? status['storedVersions'] : [];
  const name = storage?.['name'];
  return {
    ...status,
    acceptedNames: names,
    conditions: merged(entries(status['conditions']), conditions, time),
    storedVersions: name === undefined || before.includes(name) ? before : [...before, name],
  };
}

const terminating = {
  type: 'Terminating',
  status: 'True',
  reason: 'InstanceDeletionInProgress',
  message: 'CustomResource deletion is in progress',
};

/** A condition keeps its time as long as it says the same; those of others stay. */
function merged(
  old: readonly JsonObject[],
  wanted: readonly JsonObject[],
  time: string,
): readonly JsonObject[] {
  const made = wanted.map((condition) => {
    const known = old.find(({ type }) => type === condition['type']);
    const isSame = known !== undefined && known['status'] === condition['status'];
    const since = isSame ? known['lastTransitionTime'] : undefined;
    return { lastTransitionTime: since ?? time, ...condition };
  });
  const rest = old.filter(({ type }) => !wanted.some((condition) => condition['type'] === type));
  return [...rest, ...made];
}

function conditionIn(status: JsonObject, type: string): JsonObject | undefined {
  return entries(status['conditions']).find((condition) => condition['type'] === type);
}

interface Accepted {
  readonly names: JsonObject;
  readonly reason: string;
  readonly message: string;
}

function acceptNames(definition: JsonObject, others: readonly JsonObject[]): Accepted {
  const wanted = objectIn(objectIn(definition, 'spec'), 'names');
  const before = objectIn(objectIn(definition, 'status'), 'acceptedNames');
  const taken = others.map((other) => objectIn(objectIn(other, 'status'), 'acceptedNames'));
  const resources = new Set(
    taken.flatMap((names) => [names['plural'], names['singular'], ...listIn(names['shortNames'])]),
  );
  const kinds = new Set(taken.flatMap((names) => [names['kind'], names['listKind']]));
  const names: Record<string, Json | undefined> = { ...before };
  let [reason, message] = ['NoConflicts', 'no conflicts found'];
  const clash = (why: string, name: string) => {
    [reason, message] = [why, `${JSON.stringify(name)} is already in use`];
  };
  const accept = (pairs: readonly (readonly [string, string])[], used: ReadonlySet<unknown>) => {
    for (const [field, why] of pairs) {
      const name = wanted[field];
      if (name === undefined) continue;
      if (name !== before[field] && used.has(name)) clash(why, textOf(name));
      else names[field] = name;
    }
  };
  accept(single, resources);
  const short = listIn(wanted['shortNames']);
  const own = listIn(before['shortNames']);
  const used = short.find((name) => !own.includes(name) && resources.has(name));
  if (used !== undefined) clash('ShortNamesConflict', textOf(used));
  else if (!equal(wanted['shortNames'], before['shortNames'])) names['shortNames'] = short;
  accept(ofKind, kinds);
  if (short.length === 0 && used === undefined) delete names['shortNames'];
  if (wanted['categories'] === undefined) delete names['categories'];
  else names['categories'] = wanted['categories'];
  return { names, reason, message };
}

function listIn(value: Json | undefined): readonly Json[] {
  return isList(value) ? value : [];
}
