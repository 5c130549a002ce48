import { type Decoded, decodeJson, type Unknown } from '../decode-json.ts';
import { type Draft, isObject, type JsonObject } from '../json.ts';
import { messageType } from '../schema/schema.ts';
import { DomainError } from '../../base/error.ts';
import { fill } from './fill.ts';
import { prune } from './prune.ts';
import type { Schema } from './schema.ts';

/**
 * An object of a definition's kind as its schema has it: metadata like everybody's, without fields
 * that it does not know, with its defaults. Throws DomainError `invalid` for metadata of another
 * shape.
 */
export function readCustom(schema: Schema, object: JsonObject): Decoded {
  const read = pruneCustom(schema, object);
  // What it becomes is an object still.
  const filled = fill(read.value, schema) as JsonObject;
  return { ...read, value: filled };
}

/** The same without defaults: what somebody applies is what he has written. */
export function pruneCustom(schema: Schema, object: JsonObject): Decoded {
  const unknown: Unknown[] = [];
  const root = { ...schema, 'x-kubernetes-embedded-resource': true };
  const kept = prune(object, root, { path: '', unknown });
  if (!isObject(kept)) throw new DomainError('invalid', 'it is no object');
  const { metadata = {}, ...rest } = kept;
  if (!isObject(metadata)) {
    throw new DomainError('invalid', 'json: cannot unmarshal metadata into v1.ObjectMeta');
  }
  const decoded = decodeJson(messageType('meta.v1.ObjectMeta'), metadata);
  const below = decoded.unknown.map((one) => ({ ...one, path: `metadata.${one.path}` }));
  const value: Draft = { ...rest, metadata: decoded.value };
  return { value, unknown: [...unknown, ...below] };
}
