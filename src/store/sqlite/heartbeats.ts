import type { Entry } from '../store.ts';

/**
 * The values that are newer than the database's, as far as the main thread has heard: what a
 * reader lays over what it finds.
 */
export class Heartbeats {
  readonly #entries = new Map<string, Entry>();

  set({ key, value, revision, created }: Entry): void {
    this.#entries.set(key, { key, value, revision, created });
  }

  /** A durable change of the key came after it. */
  forget(key: string): void {
    this.#entries.delete(key);
  }

  flushed(upTo: number): void {
    for (const [key, entry] of this.#entries) {
      if (entry.revision <= upTo) this.#entries.delete(key);
    }
  }

  /** The newer of the two, unless it is newer than the revision read at. */
  over(entry: Entry, revision: number): Entry {
    const newer = this.#entries.get(entry.key);
    if (newer === undefined || newer.revision > revision) return entry;
    return newer.revision > entry.revision ? newer : entry;
  }
}
