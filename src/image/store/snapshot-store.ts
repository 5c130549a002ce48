import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError } from '../../base/error.ts';
import { parseDigest, shortened } from '../digest.ts';
import type { Digest } from '../image.ts';
import { isJsonObject, textField, textListField } from '../json.ts';
import type { Snapshot } from '../snapshot.ts';
import type { LayerStore } from './layer-store.ts';
import { openRecordFolder } from './record-folder.ts';
import type { StateFolder } from './state-folder.ts';

/** A container's writable folders, and what lies beneath them even when its image is removed. */
export interface SnapshotRecord {
  readonly id: string;
  readonly imageId: Digest;
  /** Bottom first. */
  readonly chainIds: readonly Digest[];
}

export interface SnapshotStore {
  readonly records: ReadonlyMap<string, SnapshotRecord>;
  /** Also of damaged records: they are there until they are released. */
  ids(): readonly string[];
  create(record: SnapshotRecord): Promise<Snapshot>;
  find(id: string): Snapshot | undefined;
  release(id: string): Promise<void>;
}

/** Opens the snapshots; those that a killed process had half made or half removed are gone. */
export async function openSnapshotStore(
  state: StateFolder,
  layers: LayerStore,
): Promise<SnapshotStore> {
  const folder = openRecordFolder<SnapshotRecord>({
    folder: state.snapshotRecords,
    log: state.log,
    // No container outlives a power loss, so its folders need not either.
    isDurable: false,
    fileName: (id) => id,
    parse: (document) => parseSnapshotRecord(document),
  });
  const rootOf = (id: string): string => join(state.snapshots, id);
  const isKnown = (id: string): boolean =>
    folder.records.has(id) || folder.damaged.has(`${id}.json`);
  const present = new Set(readdirSync(state.snapshots));
  for (const id of present) if (!isKnown(id)) await state.discard(rootOf(id));
  for (const id of folder.records.keys()) if (!present.has(id)) await folder.delete(id);
  const snapshotOf = ({ id, chainIds }: SnapshotRecord): Snapshot => ({
    id,
    layers: chainIds.map((chainId) => layers.folderOf(chainId)).toReversed(),
    upper: join(rootOf(id), 'upper'),
    work: join(rootOf(id), 'work'),
  });
  return {
    records: folder.records,
    ids: () => [
      ...folder.records.keys(),
      ...[...folder.damaged].map((name) => name.replace(/\.json$/, '')),
    ],
    async create(record) {
      checkId(record.id);
      if (folder.records.has(record.id)) {
        throw new DomainError('exists', `Container "${record.id}" has a snapshot already`);
      }
      await folder.put(record.id, record);
      try {
        const snapshot = snapshotOf(record);
        await makeFolders(state, rootOf(record.id), snapshot.layers[0]);
        return snapshot;
      } catch (error) {
        await folder.delete(record.id);
        throw error;
      }
    },
    find(id) {
      const record = folder.records.get(id);
      return record === undefined ? undefined : snapshotOf(record);
    },
    async release(id) {
      checkId(id);
      await state.bury(rootOf(id));
      await folder.delete(id);
    },
  };
}

/** Made aside and renamed, so that a snapshot has both folders or none. */
async function makeFolders(
  state: StateFolder,
  root: string,
  topLayer: string | undefined,
): Promise<void> {
  const path = state.newPath('snapshot');
  try {
    mkdirSync(path, { mode: 0o700 });
    const upper = join(path, 'upper');
    mkdirSync(upper, { mode: 0o755 });
    mkdirSync(join(path, 'work'), { mode: 0o700 });
    if (topLayer !== undefined) copyRoot(topLayer, upper);
    renameSync(path, root);
  } catch (error) {
    await state.discard(path);
    throw error;
  }
}

/** The merged root of an overlay has the owner and mode of the upper folder, not of the image's. */
function copyRoot(from: string, to: string): void {
  const { uid, gid, mode } = lstatSync(from);
  chownSync(to, uid, gid);
  chmodSync(to, mode & 0o7777);
}

/** The id becomes a file's name. */
function checkId(id: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(id)) return;
  throw new DomainError('invalid', `Container id "${shortened(id)}" is not valid`);
}

function parseSnapshotRecord(document: unknown): { key: string; record: SnapshotRecord } {
  if (!isJsonObject(document)) throw new Error('it is not an object');
  const id = textField(document, 'id');
  checkId(id);
  const record = {
    id,
    imageId: parseDigest(textField(document, 'imageId')),
    chainIds: textListField(document, 'chainIds').map((chainId) => parseDigest(chainId)),
  };
  return { key: id, record };
}
