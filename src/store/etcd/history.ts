import { Buffer } from 'node:buffer';
import { DomainError } from '../../base/error.ts';
import { CompactedError } from '../error.ts';
import type { NewestChanges } from '../newest-changes.ts';
import type { PastChange } from '../store.ts';
import type { EtcdClient } from './client.ts';
import type { Clock } from './clock.ts';
import { changeOf, entryOf } from './convert.ts';
import type { WatchResponse } from './protocol.ts';
import { EventAssembly, startWatch } from './watching.ts';

/** How long to listen for more of a key that no longer exists; see {@link readHistory}. */
const quietMs = 500;

/**
 * All that is kept of one key, by a watch from the oldest revision. It is complete when the present
 * value has come. A deleted key has no such mark, because etcd cannot say when a key was deleted:
 * then it ends half a second after etcd's last word, which is five of its rounds.
 */
export async function readHistory(
  client: EtcdClient,
  { key: name, changes, clock }: HistoryRequest,
): Promise<PastChange[]> {
  const key = Buffer.from(name);
  const { kvs } = await client.range({ key });
  const last = kvs[0]?.mod_revision;
  const oldest = await collect(client, { key, last, after: 0, changes });
  if (oldest !== undefined) {
    const base = await client.range({ key, revision: oldest });
    for (const pair of base.kvs) changes.addNewer({ ...entryOf(pair), deleted: false });
    if (last === undefined || last > oldest) {
      await collect(client, { key, last, after: oldest, changes });
    }
  }
  const found = changes.changes;
  const times = await Promise.all(found.map(({ revision }) => clock.at(revision)));
  return found.map((change, index) => withTime(change, times[index]));
}

interface HistoryRequest {
  readonly key: string;
  /** Where they are put. */
  readonly changes: NewestChanges;
  readonly clock: Clock;
}

interface Collection {
  readonly key: Buffer;
  readonly last: number | undefined;
  readonly after: number;
  readonly changes: NewestChanges;
}

/** Returns the oldest revision when `after` lies before it; nothing is collected then. */
async function collect(client: EtcdClient, target: Collection): Promise<number | undefined> {
  const { key, last, after, changes } = target;
  const stream = startWatch(client, after, { key, range_end: Buffer.concat([key, Buffer.of(0)]) });
  const assembly = new EventAssembly(after);
  const restart = (): NodeJS.Timeout => setTimeout(() => stream.cancel(), quietMs);
  let quiet = last === undefined ? restart() : undefined;
  try {
    for await (const response of stream) {
      const batch = assembly.add(response as WatchResponse);
      for (const event of batch?.events ?? []) changes.addNewer(changeOf(event));
      if (last !== undefined && (batch?.head ?? 0) >= last) return undefined;
      clearTimeout(quiet);
      if (last === undefined) quiet = restart();
    }
    throw new DomainError('unavailable', 'etcd ended a watch without a reason');
  } catch (error) {
    if (error instanceof CompactedError && after === 0) return error.oldestRevision;
    if (last === undefined && stream.destroyed) return undefined;
    throw error;
  } finally {
    clearTimeout(quiet);
    stream.on('error', () => {});
    stream.cancel();
  }
}

function withTime(change: PastChange, timeMs: number | undefined): PastChange {
  return timeMs === undefined ? change : { ...change, timeMs };
}
