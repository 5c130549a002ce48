import { isDomainError, messageOf } from '../../../src/base/error.ts';
import type { Entry, Page, Reading } from '../../../src/store/store.ts';
import type { HostedStore } from './hosted-store.ts';
import type { Random } from './random.ts';
import type { History, SeenEntry, WriteRecord } from './record.ts';

const namespaces = 4;
const names = 10;

/** Clients that write and read a few keys at once and record what they were told. */
export class Workload {
  readonly #store: HostedStore;
  readonly #random: Random;
  readonly #history: History;
  #running = true;
  #values = 0;
  /** Revisions acknowledged lately, to read the past at. */
  readonly #revisions: number[] = [];

  constructor(store: HostedStore, random: Random, history: History) {
    this.#store = store;
    this.#random = random;
    this.#history = history;
  }

  stop(): void {
    this.#running = false;
  }

  async client(): Promise<void> {
    while (this.#running) {
      const key = this.#key();
      const dice = this.#random.below(100);
      try {
        if (dice < 25) await this.#write({ kind: 'create', key });
        else if (dice < 75) await this.#change(key, dice < 60 ? 'update' : 'delete');
        else if (dice < 90) await this.#get(key, this.#random.below(4) === 0);
        else await this.#list();
      } catch (error) {
        if (!isDomainError(error)) throw error;
        await sleep(20);
      }
    }
  }

  async #change(key: string, kind: 'update' | 'delete'): Promise<void> {
    const present = await this.#get(key, false);
    if (present === undefined) return;
    const isStale = this.#random.below(10) === 0;
    const expected = isStale ? Math.max(1, present.revision - 1) : present.revision;
    await this.#write({ kind, key, expected });
  }

  async #write(write: Pick<WriteRecord, 'kind' | 'key' | 'expected'>): Promise<void> {
    const value = `v${++this.#values}-${'x'.repeat(this.#random.below(1_500))}`;
    const startMs = performance.now();
    const result = await this.#store
      .call({ ...write, value: new TextEncoder().encode(value) })
      .then(
        (revision) => ({ result: 'done' as const, revision: Number(revision) }),
        (error: unknown) => ({ result: resultOf(error), reason: messageOf(error) }),
      );
    const record: WriteRecord = { ...write, value, startMs, endMs: performance.now(), ...result };
    this.#history.writes.push(record);
    if (record.revision !== undefined) this.#revisions.push(record.revision);
    if (result.result === 'failed') await sleep(20);
  }

  async #get(key: string, past: boolean): Promise<SeenEntry | undefined> {
    const asked = past ? this.#pastRevision() : undefined;
    const startMs = performance.now();
    const request = {
      kind: 'get' as const,
      key,
      ...(asked === undefined ? {} : { revision: asked }),
    };
    const { revision, entry } = (await this.#store.call(request)) as Reading;
    const entries = entry === undefined ? [] : [seen(entry)];
    const isPast = asked !== undefined;
    this.#history.reads.push({ key, startMs, revision, isPast, entries });
    return entries[0];
  }

  async #list(): Promise<void> {
    const prefix = `/registry/pods/ns${this.#random.below(namespaces)}/`;
    const startMs = performance.now();
    const entries: SeenEntry[] = [];
    let next: { after?: string; revision?: number } = {};
    for (;;) {
      const request = { kind: 'list' as const, key: prefix, limit: 4, ...next };
      const page = (await this.#store.call(request)) as Page;
      entries.push(...page.entries.map(seen));
      const after = page.entries.at(-1)?.key;
      next = { revision: page.revision, ...(after === undefined ? {} : { after }) };
      if (!page.more) break;
    }
    const { revision = 0 } = next;
    this.#history.reads.push({ prefix, startMs, revision, isPast: false, entries });
  }

  #pastRevision(): number | undefined {
    const recent = this.#revisions.slice(-500);
    return recent[this.#random.below(recent.length)];
  }

  #key(): string {
    return `/registry/pods/ns${this.#random.below(namespaces)}/n${this.#random.below(names)}`;
  }
}

export function seen({ key, value, revision, created }: Entry): SeenEntry {
  return { key, value: new TextDecoder().decode(value), revision, created };
}

export function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
}

function resultOf(error: unknown): 'refused' | 'failed' | 'unknown' {
  if (isDomainError(error, 'exists') || isDomainError(error, 'conflict')) return 'refused';
  if (isDomainError(error, 'notFound')) return 'refused';
  return isDomainError(error, 'timeout') ? 'unknown' : 'failed';
}
