import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { isDomainError } from '../base/error.ts';
import type { Explanation } from '../scheduler/explain/explanation.ts';
import { Explanations } from '../scheduler/explain/explanations.ts';
import type { Store } from '../store/store.ts';

const prefix = '/keelson/decisions/';
/** Together what one process remembers; the oldest chunk is written over. */
const chunkCount = 32;
const chunkSize = 128;
/** Decisions of so long are one write. */
const gatherMs = 500;
const unpackedBytes = 16 * 1024 * 1024;
const [pack, unpack] = [promisify(gzip), promisify(gunzip)];

/**
 * The scheduler's explanations, kept in the store as well: any coordinator tells those of whoever
 * leads, and of who led before it was killed. They are written half a second late, many at a time,
 * and nothing is written where nothing is decided.
 */
export class KeptExplanations implements AsyncDisposable {
  readonly own = new Explanations((pod) => this.#note(pod));
  readonly #store: Store;
  readonly #failed: (error: unknown) => void;
  readonly #waiting = new Set<string>();
  /** What is in the chunk that is being filled, and which one that is. */
  #filling: Explanation[] = [];
  #place: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(store: Store, failed: (error: unknown) => void) {
    this.#store = store;
    this.#failed = failed;
  }

  /** The last one about a pod (`namespace/name`), whoever has decided. */
  async of(pod: string): Promise<Explanation | undefined> {
    const own = this.own.of(pod);
    const { entries } = await this.#store.list(prefix);
    const chunks = await Promise.all(entries.map(({ value }) => read(value)));
    const kept = chunks.flat().filter((one) => one.pod === pod);
    return [...(own === undefined ? [] : [own]), ...kept].reduce<Explanation | undefined>(
      (newest, one) => (newest === undefined || one.decided > newest.decided ? one : newest),
      undefined,
    );
  }

  /** Writes what waits. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    this.#flush();
    await this.#writing;
  }

  #note(pod: string): void {
    this.#waiting.add(pod);
    this.#timer ??= setTimeout(() => this.#flush(), gatherMs);
  }

  #flush(): void {
    this.#timer = undefined;
    const pods = [...this.#waiting];
    this.#waiting.clear();
    const told = pods.flatMap((pod) => this.own.of(pod) ?? []);
    if (told.length === 0) return;
    this.#writing = this.#writing.then(() => this.#write(told)).catch(this.#failed);
  }

  async #write(told: readonly Explanation[]): Promise<void> {
    for (let at = 0; at < told.length;) {
      this.#place ??= await this.#oldest();
      const room = chunkSize - this.#filling.length;
      this.#filling.push(...told.slice(at, at + room));
      at += room;
      await this.#put(`${prefix}${String(this.#place).padStart(2, '0')}`);
      if (this.#filling.length < chunkSize) return;
      this.#filling = [];
      this.#place = (this.#place + 1) % chunkCount;
    }
  }

  /** Where to begin: whoever wrote before may still be read. */
  async #oldest(): Promise<number> {
    const { entries } = await this.#store.list(prefix);
    if (entries.length < chunkCount) return entries.length;
    const revisions = entries.map(({ revision }) => revision);
    return revisions.indexOf(Math.min(...revisions));
  }

  async #put(key: string): Promise<void> {
    const value = await pack(JSON.stringify(this.#filling), { level: 1 });
    const { entry } = await this.#store.get(key);
    try {
      if (entry === undefined) await this.#store.create(key, value);
      else await this.#store.update(key, value, { expected: entry.revision });
    } catch (error) {
      // Another coordinator has taken the place, as it leads now.
      if (!isDomainError(error, 'conflict') && !isDomainError(error, 'exists')) throw error;
      this.#place = undefined;
    }
  }
}

async function read(value: Uint8Array): Promise<Explanation[]> {
  const text = await unpack(value, { maxOutputLength: unpackedBytes });
  return JSON.parse(text.toString('utf8')) as Explanation[];
}
