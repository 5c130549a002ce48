import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename } from 'node:fs/promises';
import { hasShape } from '../../base/shape.ts';
import { DomainError } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';
import { readState, writeState } from '../../base/state-file.ts';
import { removeTree } from '../../image/store/remove-tree.ts';

/** A folder that outlives containers; `record.json` beside it. */
export interface VolumeRecord {
  readonly name: string;
  /** Nobody named it: it was made for one container. */
  readonly anonymous: boolean;
  readonly createdAtMs: number;
  readonly labels: Readonly<Record<string, string>>;
  /** An image's files are being copied into it, or were when the runtime was killed. */
  readonly filling: boolean;
}

/**
 * Volumes of one root folder: `FOLDER/NAME/record.json`, and the files in `FOLDER/NAME/_data`. Each
 * is made aside and renamed, so it is there whole or not at all, and goes the same way.
 */
export class VolumeStore {
  readonly #folder: string;
  readonly #records = new Map<string, VolumeRecord>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Reads what an earlier process wrote, and removes what it left half made or half removed. */
  async load(log: Logger): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    for (const name of await readdir(this.#folder)) {
      const path = `${this.#folder}/${name}`;
      try {
        if (name.startsWith('.')) await removeTree(path);
        else
          this.#records.set(name, parseVolumeRecord(await readState(`${path}/record.json`), name));
      } catch (error) {
        log.error({ err: error, name }, 'volume cannot be read');
        if (!name.startsWith('.')) this.#records.set(name, { ...plainRecord, name });
      }
    }
  }

  find(name: string): VolumeRecord | undefined {
    return this.#records.get(name);
  }

  /** Throws `notFound`. */
  get(name: string): VolumeRecord {
    const record = this.#records.get(name);
    if (record !== undefined) return record;
    throw new DomainError('notFound', `No such volume: ${name}`);
  }

  list(): readonly VolumeRecord[] {
    return [...this.#records.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Where its files lie. */
  dataOf(name: string): string {
    checkVolumeName(name);
    return `${this.#folder}/${name}/_data`;
  }

  async create(record: Pick<VolumeRecord, 'name'> & Partial<VolumeRecord>): Promise<VolumeRecord> {
    checkVolumeName(record.name);
    const made = { ...plainRecord, createdAtMs: Date.now(), ...record };
    const path = this.#aside();
    try {
      await mkdir(path, { mode: 0o700 });
      await mkdir(`${path}/_data`, { mode: 0o755 });
      await writeState(`${path}/record.json`, made);
      await rename(path, `${this.#folder}/${made.name}`);
    } catch (error) {
      await removeTree(path);
      throw error;
    }
    this.#records.set(made.name, made);
    return made;
  }

  /**
   * True when an image's files may be copied into it: it is empty, or a killed runtime was at it.
   * From then until {@link endFilling} what it holds counts for nothing.
   */
  async beginFilling(name: string): Promise<boolean> {
    if (this.get(name).filling) await this.#empty(name);
    else if ((await readdir(this.dataOf(name))).length > 0) return false;
    await this.#update(name, { filling: true });
    return true;
  }

  async endFilling(name: string): Promise<void> {
    if (this.#records.get(name)?.filling === true) await this.#update(name, { filling: false });
  }

  /** As it was before {@link beginFilling}. */
  async undoFilling(name: string): Promise<void> {
    await this.#empty(name);
    await this.endFilling(name);
  }

  /** Succeeds when it is gone already. */
  async remove(name: string): Promise<void> {
    if (!this.#records.has(name)) return;
    const grave = this.#aside();
    await rename(`${this.#folder}/${name}`, grave);
    this.#records.delete(name);
    await removeTree(grave);
  }

  async #empty(name: string): Promise<void> {
    const grave = this.#aside();
    await rename(this.dataOf(name), grave);
    await mkdir(this.dataOf(name), { mode: 0o755 });
    await removeTree(grave);
  }

  async #update(name: string, change: Partial<VolumeRecord>): Promise<void> {
    const changed = { ...this.get(name), ...change };
    await writeState(`${this.#folder}/${name}/record.json`, changed);
    this.#records.set(name, changed);
  }

  /** No volume's name begins with a dot. */
  #aside(): string {
    return `${this.#folder}/.${randomBytes(8).toString('hex')}`;
  }
}

const plainRecord: VolumeRecord = {
  name: '',
  anonymous: false,
  createdAtMs: 0,
  labels: {},
  filling: false,
};

/** Docker's rule; the name becomes a folder's. */
export function checkVolumeName(name: string): void {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/.test(name)) return;
  throw new DomainError(
    'invalid',
    `Invalid volume name "${name}": it is up to 255 letters, digits, "_", "." and "-"`,
  );
}

/** One that cannot be read is kept as if a person had named it: its files may be wanted. */
export function parseVolumeRecord(document: unknown, name: string): VolumeRecord {
  const record: unknown = hasShape(document, {}) && { ...plainRecord, ...(document as object) };
  if (hasShape(record, volumeShape) && (record as VolumeRecord).name === name) {
    return record as VolumeRecord;
  }
  throw new DomainError('invalid', `The record of volume "${name}" is damaged`);
}

const volumeShape = {
  name: 'string',
  anonymous: 'boolean',
  createdAtMs: 'number',
  labels: 'object',
  filling: 'boolean',
} as const;
