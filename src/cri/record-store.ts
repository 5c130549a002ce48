import { mkdirSync, rmSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { DomainError } from '../base/error.ts';
import type { Logger } from '../base/log.ts';
import { readState, writeState } from '../base/state-file.ts';

export interface NamedRecord {
  readonly id: string;
  /** Unique among the records of one store; empty for none. */
  readonly name: string;
  /** What was written of it cannot be read: it stands for what is to be removed. */
  readonly damaged?: boolean;
}

/** What a store has to know of its records. */
export interface RecordKind<T> {
  /** Takes the place of a record that cannot be read. */
  standIn(id: string): T;
  /** Whether all that is made of a record can be made of this one. */
  isSound(record: T): boolean;
}

/**
 * Records by id and by name, each in a folder of its own on disk: `FOLDER/ID/record.json`. What is
 * in memory has been written.
 */
export class RecordStore<T extends NamedRecord> {
  readonly #folder: string;
  readonly #noun: string;
  readonly #kind: RecordKind<T>;
  readonly #records = new Map<string, T>();
  readonly #idOfName = new Map<string, string>();

  constructor(folder: string, noun: string, kind: RecordKind<T>) {
    this.#kind = kind;
    this.#folder = folder;
    this.#noun = noun;
  }

  /** Reads what an earlier process wrote; damaged records are named, and can be removed. */
  async load(log: Logger): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    for (const id of await readdir(this.#folder)) {
      try {
        const record = (await readState(`${this.#folder}/${id}/record.json`)) as T | undefined;
        if (record === undefined) await rm(`${this.#folder}/${id}`, { recursive: true });
        else if (!isRecord(record) || record.id !== id) {
          throw new DomainError('invalid', `The record in the folder of "${id}" is another's`);
        } else if (this.#kind.isSound(record)) this.#remember(record);
        else throw new DomainError('invalid', `The record of "${id}" makes no sense`);
      } catch (error) {
        log.error({ err: error, id }, `${this.#noun} record is damaged`);
        this.#remember(this.#kind.standIn(id));
      }
    }
  }

  /** The record's own folder, for files that go with it. */
  folderOf(id: string): string {
    return `${this.#folder}/${id}`;
  }

  /**
   * Throws `exists` when another record has the name. The name is taken before the disk is asked.
   */
  async add(record: T): Promise<void> {
    this.checkName(record.name);
    this.#remember(record);
    try {
      mkdirSync(this.folderOf(record.id), { recursive: true, mode: 0o700 });
      await this.#write(record);
    } catch (error) {
      this.#forget(record.id);
      rmSync(this.folderOf(record.id), { recursive: true, force: true });
      throw error;
    }
  }

  checkName(name: string): void {
    const owner = this.#idOfName.get(name);
    if (name === '' || owner === undefined) return;
    throw new DomainError(
      'exists',
      `The ${this.#noun} name "${name}" is in use by ${owner.slice(0, 12)}`,
    );
  }

  async update(id: string, change: Partial<T>): Promise<T> {
    const changed = { ...this.get(id), ...change };
    const previous = this.#records.get(id);
    if (previous !== undefined && changed.name !== previous.name) this.checkName(changed.name);
    await this.#write(changed);
    if (previous !== undefined) this.#idOfName.delete(previous.name);
    this.#remember(changed);
    return changed;
  }

  /** In memory alone, for what stands in for a damaged record. */
  replace(record: T): void {
    this.#remember(record);
  }

  remove(id: string): void {
    rmSync(this.folderOf(id), { recursive: true, force: true });
    this.#forget(id);
  }

  has(id: string): boolean {
    return this.#records.has(id);
  }

  /** By exact id. Throws `notFound`. */
  get(id: string): T {
    const record = this.#records.get(id);
    if (record !== undefined) return record;
    throw new DomainError('notFound', `No such ${this.#noun}: ${id}`);
  }

  /**
   * By id, name, or unambiguous start of an id, as people write it. Throws `notFound`, `conflict`.
   */
  find(text: string): T {
    const exact = this.#records.get(text) ?? this.#records.get(this.#idOfName.get(text) ?? '');
    if (exact !== undefined) return exact;
    const matches = /^[0-9a-f]+$/.test(text)
      ? [...this.#records.values()].filter(({ id }) => id.startsWith(text))
      : [];
    if (matches.length > 1) {
      throw new DomainError('conflict', `"${text}" is the start of ${matches.length} ids`);
    }
    const [match] = matches;
    if (match !== undefined) return match;
    throw new DomainError('notFound', `No such ${this.#noun}: ${text}`);
  }

  list(): readonly T[] {
    return [...this.#records.values()];
  }

  #write(record: T): Promise<void> {
    return writeState(`${this.folderOf(record.id)}/record.json`, record);
  }

  #remember(record: T): void {
    this.#records.set(record.id, record);
    if (record.name !== '') this.#idOfName.set(record.name, record.id);
  }

  #forget(id: string): void {
    const record = this.#records.get(id);
    this.#records.delete(id);
    if (record !== undefined) this.#idOfName.delete(record.name);
  }
}

/** JSON of another kind is as good as none. */
function isRecord(value: unknown): value is NamedRecord {
  const record = value as Partial<NamedRecord> | null;
  return typeof record?.id === 'string' && typeof record.name === 'string';
}
