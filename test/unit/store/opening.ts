import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { Change, Store, Watch } from '../../../src/store/store.ts';

/** Opens an empty store; the teardown of the test closes it. */
export type Opening = (t: Test) => Promise<Store>;

export async function openedFor(t: Test, opening: Opening): Promise<Store> {
  const store = await opening(t);
  t.teardown(() => store[Symbol.asyncDispose]());
  return store;
}

/** A folder that is removed after the test. */
export async function temporaryFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-store-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function text(value: Uint8Array | undefined): string {
  return new TextDecoder().decode(value);
}

/** What a promise was rejected with. Throws when it was not. */
export async function refusal(promise: Promise<unknown>): Promise<unknown> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('error' in outcome) return outcome.error;
  throw new Error('it was not refused');
}

/** The first changes of a watch, fewer if it ends before. Throws what the watch throws. */
export async function take(watch: Watch, count: number): Promise<Change[]> {
  const taken: Change[] = [];
  for await (const changes of watch) {
    taken.push(...changes);
    if (taken.length >= count) break;
  }
  return taken;
}

export function summary(change: Change | undefined): string {
  if (change === undefined) return 'none';
  const was = change.previous === undefined ? '' : ` was ${text(change.previous)}`;
  return `${change.deleted ? 'deleted' : 'put'} ${text(change.value)}${was}`;
}

export function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
}
