import { randomInt, randomUUID } from 'node:crypto';
import { type Draft, isList, type JsonObject, textOf } from '../api/json.ts';
import type { Kind } from '../api/kind.ts';
import { writeTime } from '../api/time.ts';
import { badRequest, conflict } from '../api/status.ts';
import { metadataOf } from './object-text.ts';

/** No vowels, and nothing that looks like another: a suffix never spells a word. */
const letters = 'bcdfghjklmnpqrstvwxz2456789';
const suffixLength = 5;
const longestPrefix = 63 - suffixLength;

/** Sets what the server alone sets of a new object. */
export function stampNew(object: Draft, counts: boolean, now: Date): void {
  const metadata = (object['metadata'] ??= {}) as Draft;
  if (textOf(metadata['resourceVersion']) !== '') {
    throw badRequest('resourceVersion should not be set on objects to be created');
  }
  for (const field of [
    'selfLink',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'generation',
  ]) {
    Reflect.deleteProperty(metadata, field);
  }
  metadata['uid'] = randomUUID();
  metadata['creationTimestamp'] = writeTime(Math.floor(now.getTime() / 1000));
  if (counts) metadata['generation'] = 1;
}

/** A name with a suffix that nobody has; the caller tries again when somebody does. */
export function generateName(prefix: string): string {
  const suffix = Array.from({ length: suffixLength }, () => letters[randomInt(letters.length)]);
  return prefix.slice(0, longestPrefix) + suffix.join('');
}

/** An update changes of metadata what clients may change; the rest is as it was. */
export function carryMetadata(kind: Kind, object: Draft, old: JsonObject): void {
  const metadata = (object['metadata'] ??= {}) as Draft;
  const before = metadataOf(old);
  const uid = textOf(metadata['uid']);
  if (uid !== '' && uid !== before['uid']) {
    const found = textOf(before['uid']);
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${found}`;
    throw conflict(kind, textOf(before['name']), why);
  }
  const kept = [
    'name',
    'namespace',
    'uid',
    'creationTimestamp',
    'generation',
    'generateName',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
  ];
  for (const field of kept) {
    if (before[field] === undefined) Reflect.deleteProperty(metadata, field);
    else metadata[field] = before[field];
  }
  Reflect.deleteProperty(metadata, 'selfLink');
}

export function hasFinalizers(object: JsonObject): boolean {
  const { finalizers } = metadataOf(object);
  return isList(finalizers) && finalizers.length > 0;
}

export function isDeleting(object: JsonObject): boolean {
  return metadataOf(object)['deletionTimestamp'] !== undefined;
}
