import { type Decoded, decodeJson } from '../../api/decode-json.ts';
import { isObject, type Json, type JsonObject } from '../../api/json.ts';
import type { Kind } from '../../api/kind.ts';
import { applyJsonPatch } from '../../api/patch/json-patch.ts';
import { applyMergePatch } from '../../api/patch/merge-patch.ts';
import { applyStrategicMerge } from '../../api/patch/strategic-merge.ts';
import { readCustom } from '../../api/custom/read-custom.ts';
import { typeOfKind } from '../../api/schema/schema.ts';
import type { MessageType } from '../../api/schema/type.ts';
import { ApiError, badRequest } from '../../api/status.ts';
import { isDomainError } from '../../base/error.ts';
import { cannotHandle } from '../read-body.ts';

export type PatchType =
  | 'application/json-patch+json'
  | 'application/merge-patch+json'
  | 'application/strategic-merge-patch+json';

/** A patch as it was sent. */
export interface Patch {
  readonly type: PatchType;
  readonly document: Json;
}

const types: ReadonlySet<string> = new Set<PatchType>([
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
]);

/** Throws `UnsupportedMediaType`, and says what server-side apply needs that is not there. */
export function patchTypeOf(type: string, kind?: Kind): PatchType {
  const isCustom = kind?.custom !== undefined;
  // A definition says nothing of how its lists are merged by that one.
  const known = isCustom ? [...types].filter((word) => !word.includes('strategic')) : [...types];
  if (known.includes(type)) return type as PatchType;
  const words = [...known, 'application/apply-patch+yaml'].toSorted().join(', ');
  throw new ApiError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${words}`,
  );
}

/** The object after the patch, read anew as its version has it, and what in it no field is. */
export function applyPatch(kind: Kind, old: JsonObject, change: Patch): Decoded {
  const schema = typeOfKind(kind);
  const patched = applyPatchTo(schema, old, change);
  try {
    return kind.custom === undefined
      ? decodeJson(schema, patched)
      : readCustom(kind.custom.schema, patched);
  } catch (error) {
    if (!isDomainError(error, 'invalid')) throw error;
    throw badRequest(cannotHandle(kind, error.message));
  }
}

/** The same for what is no kind of its own. */
export function applyPatchTo(type: MessageType, old: JsonObject, change: Patch): JsonObject {
  const patched = translateFaults(() => patch(type, old, change));
  if (!isObject(patched)) throw badRequest('the patch makes no object of it');
  return patched;
}

function patch(schema: MessageType, old: JsonObject, { type, document }: Patch): Json {
  if (type === 'application/json-patch+json') return applyJsonPatch(old, document);
  if (!isObject(document)) throw badRequest('the patch is no object');
  return type === 'application/merge-patch+json'
    ? applyMergePatch(old, document)
    : applyStrategicMerge(schema, old, document);
}

/** A patch that does not fit is the client's mistake. */
function translateFaults<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isDomainError(error, 'invalid')) throw error;
    throw new ApiError(
      'Invalid',
      `the server rejected our request due to an error in our request: ${error.message}`,
    );
  }
}
