import { DatabaseSync } from 'node:sqlite';
import { compareKeys } from './key.ts';
import { sqliteFailure } from './sqlite/failure.ts';
import { Reader } from './sqlite/reader.ts';
import { checkIdentity } from './sqlite/schema.ts';
import type { Entry, Store } from './store.ts';

const pageEntries = 500;
const writesAtOnce = 64;

export interface Restoration {
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
}

export interface RestoreOptions {
  /** Keys that stay as they are, wherever they are. */
  readonly isKept?: (key: string) => boolean;
  /** Added to, also by a restoration that fails: the next one goes on. */
  readonly counts?: { -readonly [What in keyof Restoration]: number };
}

const past = { create: 'created', update: 'updated', delete: 'deleted' } as const;

/** Throws DomainError `invalid` and the like for what is no backup. */
export function checkBackup(path: string): void {
  openBackup(path)[Symbol.dispose]();
}

/** What a backup has under a key. */
export function valueInBackup(path: string, key: string): Uint8Array | undefined {
  using backup = openBackup(path);
  return backup.get(key, Number.MAX_SAFE_INTEGER)?.value;
}

type Step =
  | { kind: 'create'; entry: Entry }
  | { kind: 'update'; entry: Entry; expected: number }
  | { kind: 'delete'; entry: Entry };

/**
 * Makes the store's state that of a backup, of either driver, by ordinary writes of what differs:
 * revisions go on growing and watches are told, so nothing has to restart. Writers should pause:
 * a change in between is a conflict, which ends the restoration. Repeating it goes on.
 */
export async function restoreBackup(
  store: Store,
  path: string,
  { isKept = () => false, counts = { created: 0, updated: 0, deleted: 0 } }: RestoreOptions = {},
): Promise<Restoration> {
  using backup = openBackup(path);
  const failures: unknown[] = [];
  const running = new Set<Promise<void>>();
  for await (const step of differences(store, backup)) {
    if (isKept(step.entry.key)) continue;
    if (running.size >= writesAtOnce) await Promise.race(running);
    if (failures.length > 0) break;
    const write = apply(store, step)
      .then(() => counts[past[step.kind]]++)
      .catch((error: unknown) => failures.push(error))
      .then(() => void running.delete(write));
    running.add(write);
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
  return { ...counts };
}

async function apply(store: Store, step: Step): Promise<void> {
  const { key, value, revision } = step.entry;
  if (step.kind === 'create') await store.create(key, value);
  if (step.kind === 'update') await store.update(key, value, { expected: step.expected });
  if (step.kind === 'delete') await store.delete(key, { expected: revision });
}

/** Both sides are in the order of their keys, so one pass tells what only one of them has. */
async function* differences(store: Store, backup: Reader): AsyncGenerator<Step, void> {
  const present = entriesOf(store);
  const wanted = backup.everything(pageEntries);
  let [have, want] = [await present.next(), wanted.next()];
  while (have.done !== true || want.done !== true) {
    const order = orderOf(have.value ?? undefined, want.value ?? undefined);
    if (order < 0 && have.value) yield { kind: 'delete', entry: have.value };
    if (order > 0 && want.value) yield { kind: 'create', entry: want.value };
    if (order === 0 && have.value && want.value && !isEqual(have.value, want.value)) {
      yield { kind: 'update', entry: want.value, expected: have.value.revision };
    }
    if (order <= 0) have = await present.next();
    if (order >= 0) want = wanted.next();
  }
}

function orderOf(have: Entry | undefined, want: Entry | undefined): number {
  if (have === undefined) return 1;
  return want === undefined ? -1 : compareKeys(have.key, want.key);
}

function isEqual(a: Entry, b: Entry): boolean {
  return Buffer.compare(a.value, b.value) === 0;
}

async function* entriesOf(store: Store): AsyncGenerator<Entry, void> {
  let page = await store.list('/', { limit: pageEntries });
  for (;;) {
    yield* page.entries;
    const after = page.entries.at(-1)?.key;
    if (!page.more || after === undefined) return;
    page = await store.list('/', { limit: pageEntries, after, revision: page.revision });
  }
}

function openBackup(path: string): Reader {
  try {
    const database = new DatabaseSync(path, { readOnly: true });
    checkIdentity(database, path);
    database.close();
    return new Reader(path);
  } catch (error) {
    throw sqliteFailure(error, path);
  }
}
