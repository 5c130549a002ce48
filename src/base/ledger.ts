import { mkdirSync, readFileSync, truncateSync } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError, hasCode } from './error.ts';
import { type HostChange, keyOf, outlivesBoot } from './host-change.ts';
import { limits } from './limits.ts';
import { namesIn } from './names-in.ts';
import { writeWhole } from './state-file.ts';

/** A change with all that undoing it takes, and when it was written down. */
export interface LedgerEntry {
  readonly change: HostChange;
  /** Milliseconds since 1970; undoing goes from the newest to the oldest. */
  readonly at: number;
  /** The boot it was made in: what the kernel alone keeps ended with it. */
  readonly boot: string;
}

type Line = LedgerEntry | { readonly forget: string };

/** Lines that say nothing any more before the file is written anew. */
const wornLines = 256;

/**
 * What one part of keelson changes on the host, on disk before the change is made, so that
 * `keelson down --uninstall` undoes exactly that, whoever was killed at whatever moment. Each
 * part has a file of its own in the folder and holds it alone; {@link readLedger} reads all.
 *
 * What is recorded again keeps its first entry: a process that starts anew must not take its own
 * value for the former one.
 */
export class Ledger implements AsyncDisposable {
  readonly #path: string;
  readonly #boot: string;
  readonly #entries: Map<string, LedgerEntry>;
  #file: FileHandle;
  #lines: number;
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(path: string, boot: string, { entries, lines, file }: Opened) {
    this.#path = path;
    this.#boot = boot;
    this.#entries = entries;
    this.#lines = lines;
    this.#file = file;
  }

  /** The ledger of one part, `network`, in the folder, which is made when it is not there. */
  static async open(folder: string, part: string): Promise<Ledger> {
    if (!/^[a-z][a-z-]*$/.test(part)) throw new DomainError('invalid', `No part "${part}"`);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, `${part}${suffix}`);
    const { entries, lines } = readWhole(path);
    const file = await open(path, 'a', 0o600);
    return new Ledger(path, bootId(), { entries, lines, file });
  }

  /** All that is recorded and not forgotten, oldest first. */
  get changes(): readonly HostChange[] {
    return [...this.#entries.values()].map(({ change }) => change);
  }

  /** Resolves when it is on disk: only then may the changes be made. */
  async record(...changes: readonly HostChange[]): Promise<void> {
    await this.#inOrder(async () => {
      const fresh = changes.filter((change) => !this.#isRecorded(change));
      if (fresh.length === 0) return;
      const entries = fresh.map((change) => ({ change, at: Date.now(), boot: this.#boot }));
      await this.#append(entries);
      for (const entry of entries) this.#put(entry);
    });
  }

  /** For changes that were taken back: call it after that. */
  async forget(...changes: readonly HostChange[]): Promise<void> {
    await this.#inOrder(async () => {
      const keys = changes.map(keyOf).filter((key) => this.#entries.has(key));
      if (keys.length === 0) return;
      await this.#append(keys.map((forget) => ({ forget })));
      for (const key of keys) this.#entries.delete(key);
    });
  }

  async close(): Promise<void> {
    await this.#inOrder(() => this.#file.close());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** What ended with an earlier boot has to be written down anew: its former value is another. */
  #isRecorded(change: HostChange): boolean {
    const known = this.#entries.get(keyOf(change));
    return known !== undefined && (known.boot === this.#boot || outlivesBoot(change));
  }

  #put(entry: LedgerEntry): void {
    const key = keyOf(entry.change);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
  }

  async #append(lines: readonly Line[]): Promise<void> {
    if (this.#entries.size + lines.length > limits.ledgerEntries) {
      throw new DomainError('exhausted', `Ledger "${this.#path}" is full`);
    }
    if (this.#lines > wornLines + 2 * this.#entries.size) await this.#compact();
    await this.#file.appendFile(lines.map(lineOf).join(''));
    await this.#file.datasync();
    this.#lines += lines.length;
  }

  async #compact(): Promise<void> {
    const entries = [...this.#entries.values()];
    await writeWhole(this.#path, entries.map(lineOf).join(''));
    const file = await open(this.#path, 'a', 0o600);
    await this.#file.close();
    this.#file = file;
    this.#lines = entries.length;
  }

  #inOrder<Value>(work: () => Promise<Value>): Promise<Value> {
    const current = this.#tail.then(work, work);
    this.#tail = current.catch(() => undefined);
    return current;
  }
}

interface Opened {
  readonly entries: Map<string, LedgerEntry>;
  readonly lines: number;
  readonly file: FileHandle;
}

/**
 * What all parts have recorded, in the order in which to undo it: newest first. What an earlier
 * boot had in the kernel is gone with it and left out.
 */
export async function readLedger(folder: string): Promise<readonly LedgerEntry[]> {
  const boot = bootId();
  const all: LedgerEntry[] = [];
  for (const name of namesIn(folder)) {
    if (!name.endsWith(suffix)) continue;
    const { entries } = parseLedger(await readFile(join(folder, name), 'utf8'));
    all.push(...entries.values());
  }
  const present = all.filter((entry) => entry.boot === boot || outlivesBoot(entry.change));
  return present.toReversed().toSorted((one, other) => other.at - one.at);
}

const suffix = '.ledger';

/** A last line without its end was never answered for: its change was not made. */
function readWhole(path: string) {
  const text = readText(path);
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole.length < text.length) truncateSync(path, Buffer.byteLength(whole));
  return parseLedger(whole);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return '';
    throw error;
  }
}

/** Lines that a disk has damaged are passed over: the others are worth undoing all the same. */
export function parseLedger(text: string): { entries: Map<string, LedgerEntry>; lines: number } {
  const entries = new Map<string, LedgerEntry>();
  const lines = text.split('\n').slice(0, -1);
  for (const line of lines) {
    const value = parseLine(line);
    if (value === undefined) continue;
    const key = 'forget' in value ? value.forget : keyOf(value.change);
    entries.delete(key);
    if ('change' in value) entries.set(key, value);
  }
  return { entries, lines: lines.length };
}

function parseLine(line: string): Line | undefined {
  try {
    const value = JSON.parse(line) as Partial<LedgerEntry> & { forget?: unknown };
    if (typeof value.forget === 'string') return { forget: value.forget };
    const { change, at, boot } = value;
    if (typeof change?.kind !== 'string' || typeof at !== 'number') return undefined;
    return { change, at, boot: String(boot) };
  } catch {
    return undefined;
  }
}

function lineOf(line: Line): string {
  return `${JSON.stringify(line)}\n`;
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
