import { Buffer } from 'node:buffer';
import type { Change, Entry } from '../store.ts';
import type { Event, KeyValue } from './protocol.ts';

/** From the first key to the last, whoever made them. */
export const everything = { key: Buffer.of(0), range_end: Buffer.of(0) };

/** Where the store keeps the time of its writes; outside of what keys may be. */
export const clockKey = 'keelson/clock';

/** Keys of others that share the etcd, and our clock, move the revision and are no changes. */
export function isOurs(event: Event): boolean {
  return event.kv.key[0] === 0x2f;
}

export function entryOf(pair: KeyValue): Entry {
  return {
    key: pair.key.toString(),
    value: bytesOf(pair.value),
    revision: pair.mod_revision,
    created: pair.create_revision,
  };
}

export function changeOf({ type, kv, prev_kv: before }: Event): Change {
  const entry = entryOf(kv);
  if (type === 1) {
    const value = before === null ? new Uint8Array() : bytesOf(before.value);
    return { ...entry, value, created: before?.create_revision ?? 0, deleted: true };
  }
  const change = { ...entry, deleted: false };
  return before === null ? change : { ...change, previous: bytesOf(before.value) };
}

/** A copy: the message it lies in may be large and would live as long as the value. */
function bytesOf(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer);
}
