import { storedKind } from '../api/kinds.ts';
import { fromStored, isStoredForm } from '../api/convert/convert.ts';
import { Buffer } from 'node:buffer';
import type { Draft, JsonObject } from '../api/json.ts';
import { apiVersionOf, type Kind } from '../api/kind.ts';
import type { Entry } from '../store/store.ts';

/**
 * Objects lie in the store as JSON that starts with kind, version and metadata, without their
 * revision: that is the entry's. So most answers are put together of bytes, and never parsed.
 */
export function encodeObject(kind: Kind, object: JsonObject): Buffer {
  const { kind: _kind, apiVersion: _version, metadata, ...rest } = object;
  const { resourceVersion: _revision, ...stored } = metadata as JsonObject;
  const text = JSON.stringify({
    kind: kind.kind,
    apiVersion: apiVersionOf(kind),
    metadata: stored,
    ...rest,
  });
  return Buffer.from(text);
}

/** The object in an entry, with its revision. */
export function decodeObject(entry: Pick<Entry, 'value' | 'revision'>): JsonObject {
  const object = JSON.parse(Buffer.from(entry.value).toString()) as Draft;
  const metadata = object['metadata'] as Draft;
  metadata['resourceVersion'] = String(entry.revision);
  return object;
}

/** The JSON text of an entry as a version of its kind that is stored field for field. */
export function textOfEntry(
  { stored, asked }: { readonly stored: Kind; readonly asked: Kind },
  { value, revision }: Pick<Entry, 'value' | 'revision'>,
): string {
  const body = Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8');
  const rest = body.slice(headOf(stored).length);
  return `${headOf(asked)}"resourceVersion":"${revision}",${rest}`;
}

/** The text of an entry in the version asked for. */
export function textAs(asked: Kind, entry: Entry): string {
  const stored = storedKind(asked);
  return isStoredForm(asked)
    ? textOfEntry({ stored, asked }, entry)
    : JSON.stringify(fromStored(asked, decodeObject(entry)));
}

const heads = new Map<Kind, string>();

function headOf(kind: Kind): string {
  const known = heads.get(kind);
  if (known !== undefined) return known;
  const head = `{"kind":"${kind.kind}","apiVersion":"${apiVersionOf(kind)}","metadata":{`;
  heads.set(kind, head);
  return head;
}

export function metadataOf(object: JsonObject): Draft {
  return object['metadata'] as Draft;
}

export function revisionOf(object: JsonObject): string {
  const revision = metadataOf(object)['resourceVersion'];
  return typeof revision === 'string' ? revision : '';
}
