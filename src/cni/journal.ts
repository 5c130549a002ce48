import {
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { hasCode } from '../base/error.ts';
import { namesIn } from '../base/names-in.ts';
import { fileNameOf } from './file-name.ts';
import { isObject, type JsonObject } from './json.ts';
import { isProcess, ownProcess } from './process-identity.ts';
import { removeUnfinished, unfinishedIn } from './unfinished.ts';

/** Which attachment of which plugin a record is about. */
export interface JournalKey {
  readonly type: string;
  readonly network: string;
  readonly containerId: string;
  readonly interfaceName: string;
}

/** An ADD as it was asked for, with all that undoing it takes. */
export interface JournalEntry extends JournalKey {
  readonly environment: Readonly<Record<string, string>>;
  readonly config: JsonObject;
  /** `dev:ino` of the namespace, for its path may name another one by now. */
  readonly netns?: string;
}

export interface JournalRecord {
  readonly entry: JournalEntry;
  /** Absent: the ADD has not ended, or its process was killed. */
  readonly result?: JsonObject;
  /** Whether the process of an ADD that has not ended is still at it. */
  readonly underWay: boolean;
}

/**
 * What ADDs were begun, on disk before their first effect and until their DEL. A process killed
 * between any two steps leaves a record that says what to undo. In /run/keelson/cni: what the
 * records tell of ends with the machine too. The methods are synchronous: each is a few system
 * calls on tmpfs.
 */
export class Journal {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Records an ADD before it begins; undefined when one is recorded as begun already. */
  begin(entry: JournalEntry): BegunRecord | undefined {
    const place = this.#place(entry);
    const line = `${JSON.stringify({ entry, process: ownProcess() })}\n`;
    const fd = writeWhole(line, `${place}.begun`, this.#folderOf(entry));
    return fd === undefined ? undefined : new BegunRecord(fd, place);
  }

  /** The ADD that was begun, and the one that was done: a second ADD may fail beside the first. */
  read(key: JournalKey): { begun?: JournalRecord; done?: JournalRecord } {
    const place = this.#place(key);
    const [begun, done] = [readRecord(`${place}.begun`), readRecord(`${place}.done`)];
    return { ...(begun && { begun }), ...(done && { done }) };
  }

  /** Forgets an attachment after its DEL. Succeeds when nothing is recorded. */
  remove(key: JournalKey): void {
    const place = this.#place(key);
    rmSync(`${place}.done`, { force: true });
    rmSync(`${place}.begun`, { force: true });
  }

  /** Forgets a begun ADD alone. */
  removeBegun(key: JournalKey): void {
    rmSync(`${this.#place(key)}.begun`, { force: true });
  }

  /** All records, or those of one plugin on one network. */
  list(filter?: Pick<JournalKey, 'type' | 'network'>): readonly JournalRecord[] {
    const folders =
      filter === undefined
        ? namesIn(this.folder).map((name) => join(this.folder, name))
        : [this.#folderOf(filter)];
    return folders.flatMap((folder) => {
      const names = namesIn(folder);
      removeUnfinished(folder, names);
      return names.flatMap((name) => readRecord(join(folder, name)) ?? []);
    });
  }

  #folderOf({ type, network }: Pick<JournalKey, 'type' | 'network'>): string {
    return join(this.folder, fileNameOf([type, network]));
  }

  #place(key: JournalKey): string {
    return join(this.#folderOf(key), fileNameOf([key.containerId, key.interfaceName]));
  }
}

/** An ADD under way. */
export class BegunRecord {
  readonly #fd: number;
  readonly #place: string;

  constructor(fd: number, place: string) {
    this.#fd = fd;
    this.#place = place;
  }

  /** The ADD ended well: from here on it is GC's to judge by the attachments that are valid. */
  done(result: JsonObject): void {
    writeSync(this.#fd, `${JSON.stringify(result)}\n`);
    closeSync(this.#fd);
    renameSync(`${this.#place}.begun`, `${this.#place}.done`);
  }

  /** The ADD failed and has undone what it did. */
  undone(): void {
    closeSync(this.#fd);
    rmSync(`${this.#place}.begun`, { force: true });
  }

  /** The ADD failed, and so did undoing it: the record stays for GC. */
  failed(): void {
    closeSync(this.#fd);
  }
}

/**
 * Undefined when the file is there already. One that was made and not written, by a process that
 * was killed in between, would say "begun" for ever, and not by whom.
 */
function writeWhole(line: string, path: string, folder: string): number | undefined {
  const unnamed = unfinishedIn(folder);
  const fd = openNew(unnamed, folder);
  try {
    writeSync(fd, line);
    linkSync(unnamed, path);
    return fd;
  } catch (error) {
    closeSync(fd);
    if (hasCode(error, 'EEXIST')) return undefined;
    throw error;
  } finally {
    unlinkSync(unnamed);
  }
}

function openNew(path: string, folder: string): number {
  for (let attempt = 1; ; attempt++) {
    try {
      return openSync(path, 'wx', 0o600);
    } catch (error) {
      if (attempt > 2) throw error;
      // Of a process of that number that was killed.
      if (hasCode(error, 'EEXIST')) rmSync(path, { force: true });
      else if (hasCode(error, 'ENOENT')) mkdirSync(folder, { recursive: true, mode: 0o700 });
      else throw error;
    }
  }
}

/** Undefined for none, and for one cut off in its first line: then nothing had been done yet. */
function readRecord(path: string): JournalRecord | undefined {
  // Usual, and an exception with its stack takes longer than all the rest.
  if (!existsSync(path)) return undefined;
  try {
    const [head = '', tail = ''] = readFileSync(path, 'utf8').split('\n');
    const { entry, process } = JSON.parse(head) as JsonObject;
    if (!isEntry(entry)) return undefined;
    if (path.endsWith('.done')) {
      const result: unknown = JSON.parse(tail);
      return { entry, underWay: false, ...(isObject(result) && { result }) };
    }
    return { entry, underWay: isProcess(process) };
  } catch (error) {
    if (hasCode(error, 'ENOENT') || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isEntry(value: unknown): value is JournalEntry {
  const names = ['type', 'network', 'containerId', 'interfaceName'];
  return (
    isObject(value) &&
    isObject(value['environment']) &&
    isObject(value['config']) &&
    names.every((name) => typeof value[name] === 'string')
  );
}
