import { execFile } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hasCode, messageOf } from '../../base/error.ts';
import { readState, writeState } from '../../base/state-file.ts';
import { hexOf, isDigest, parseDigest } from '../digest.ts';
import type { Digest } from '../image.ts';
import { isJsonObject, sizeField, textField } from '../json.ts';
import type { StateFolder } from './state-folder.ts';

/** What is known of one unpacked layer. */
export interface LayerRecord {
  readonly diffId: Digest;
  /** Bytes of its files on disk. */
  readonly unpackedBytes: number;
  /** Size of its uncompressed archive. */
  readonly archiveBytes: number;
  /** Nothing of the layers beneath shows, which overlayfs cannot do for the root itself. */
  readonly hidesLowers?: true;
}

/** A layer that is being made: its folder is not yet in the store. */
export interface StagedLayer {
  /** The layer's root, existing and empty. */
  readonly folder: string;
  /** Puts it in place; when the layer is there already, that one stays. */
  commit(chainId: Digest, record: LayerRecord): Promise<void>;
  /** Removes it; does nothing after commit. */
  discard(): Promise<void>;
}

/** Unpacked layers, each in `layers/CHAIN/fs`, whole or not there. */
export interface LayerStore {
  has(chainId: Digest): boolean;
  list(): readonly Digest[];
  /** The folder that overlayfs stacks. */
  folderOf(chainId: Digest): string;
  recordOf(chainId: Digest): Promise<LayerRecord | undefined>;
  /**
   * Says which layers will come, once for a whole pull: until they are synced, a power loss may
   * leave their names without their bytes.
   */
  expect(chainIds: readonly Digest[]): Promise<void>;
  stage(): Promise<StagedLayer>;
  /** Resolves when the layer is in place; rejects when the signal is aborted. */
  whenThere(chainId: Digest, signal: AbortSignal): Promise<void>;
  /** At once for all who look; its files are removed in the background. */
  remove(chainId: Digest): Promise<void>;
  /** Writes all layers to the disk, in the background; a pull need not wait for it. */
  sync(): void;
  close(): Promise<void>;
}

const run = promisify(execFile);

/**
 * Opens the layers of a state folder. After a power loss it removes those that were not yet on the
 * disk: their names may have got there without their bytes.
 */
export async function openLayerStore(state: StateFolder): Promise<LayerStore> {
  const present = new Set(
    readdirSync(state.layers)
      .map(digestNamed)
      .filter((id) => isDigest(id)),
  );
  const unsynced = await openUnsynced(state, present);
  const arrivals = new EventEmitter().setMaxListeners(0);
  const folderOf = (chainId: Digest): string => join(state.layers, hexOf(chainId));
  const remove = async (chainId: Digest): Promise<void> => {
    present.delete(chainId);
    await state.bury(folderOf(chainId));
  };
  for (const chainId of unsynced.lost) {
    state.log.warn({ chainId }, 'layer was not on the disk when the machine stopped; removed');
    await remove(chainId);
  }
  return {
    has: (chainId) => present.has(chainId),
    list: () => [...present],
    folderOf: (chainId) => join(folderOf(chainId), 'fs'),
    recordOf: (chainId) => readRecord(join(folderOf(chainId), 'layer.json')),
    expect: (chainIds) => unsynced.add(chainIds),
    async stage() {
      const path = state.newPath('layer');
      const folder = join(path, 'fs');
      await mkdir(folder, { recursive: true, mode: 0o755 });
      return {
        folder,
        async commit(chainId, record) {
          await writeFile(join(path, 'layer.json'), JSON.stringify(record), { mode: 0o600 });
          await renameUnlessThere(path, folderOf(chainId));
          present.add(chainId);
          arrivals.emit(chainId);
        },
        discard: () => state.discard(path),
      };
    },
    async whenThere(chainId, signal) {
      if (!present.has(chainId)) await once(arrivals, chainId, { signal });
    },
    remove,
    sync: () => unsynced.sync(),
    close: () => unsynced.close(),
  };
}

/** Two pulls of one layer may finish at once; equal chain ids mean equal content. */
async function renameUnlessThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
  }
}

async function readRecord(path: string): Promise<LayerRecord | undefined> {
  try {
    const record: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (!isJsonObject(record)) return undefined;
    return {
      diffId: parseDigest(textField(record, 'diffId')),
      unpackedBytes: sizeField(record, 'unpackedBytes'),
      archiveBytes: sizeField(record, 'archiveBytes'),
      ...(record['hidesLowers'] === true ? { hidesLowers: true } : {}),
    };
  } catch {
    return undefined;
  }
}

interface Unsynced {
  /** Layers that another boot of the machine did not get to write to the disk. */
  readonly lost: readonly Digest[];
  add(chainIds: readonly Digest[]): Promise<void>;
  sync(): void;
  close(): Promise<void>;
}

/**
 * The names of the layers that are not known to be on the disk. Waiting for the disk in every pull
 * would double its time; the record is written before a layer is put in place, and emptied after
 * syncfs.
 */
async function openUnsynced(state: StateFolder, present: ReadonlySet<Digest>): Promise<Unsynced> {
  const path = join(state.root, 'unsynced.json');
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const before = await readState(path).catch(() => undefined);
  const listed = isJsonObject(before) && Array.isArray(before['layers']) ? before['layers'] : [];
  const recorded = listed.filter((id): id is Digest => typeof id === 'string' && isDigest(id));
  const isOtherBoot = isJsonObject(before) && before['boot'] !== boot;
  const waiting = new Set(isOtherBoot ? [] : recorded);
  let last: Promise<void> = Promise.resolve();
  const write = (): Promise<void> => {
    const next = last.then(() => writeState(path, { boot, layers: [...waiting] }));
    last = next.catch(() => undefined);
    return next;
  };
  const sync = async (): Promise<void> => {
    // Only what was there before the disk was told to write; more may come meanwhile.
    const synced = [...waiting].filter((chainId) => present.has(chainId));
    if (synced.length === 0) return;
    try {
      await run('sync', ['-f', state.layers]);
      for (const chainId of synced) waiting.delete(chainId);
      await write();
    } catch (error) {
      state.log.warn(`Cannot sync layers: ${messageOf(error)}`);
    }
  };
  let syncing: Promise<void> = Promise.resolve();
  return {
    lost: isOtherBoot ? recorded : [],
    async add(chainIds) {
      for (const chainId of chainIds) waiting.add(chainId);
      await write();
    },
    sync() {
      syncing = syncing.then(sync);
    },
    close: () => syncing,
  };
}

function digestNamed(name: string): string {
  return `sha256:${name}`;
}
