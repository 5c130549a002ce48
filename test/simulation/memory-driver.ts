import type {
  Driver,
  DriverSize,
  HistoryLimit,
  Operation,
  Outcome,
  Range,
  Sink,
  Span,
} from '../../src/store/driver.ts';
import type {
  Backup,
  Change,
  Entry,
  Page,
  PastChange,
  Reading,
  Session,
} from '../../src/store/store.ts';

/** Told of each change in the moment it is made. */
export type Spectator = (change: Change) => void;

/** A database in memory that answers without waiting, so that a run depends on its seed alone. */
export class MemoryDriver implements Driver {
  readonly #sink: Sink;
  readonly #spectator: Spectator;
  readonly #entries = new Map<string, Entry>();
  readonly #changes: Change[] = [];
  #head = 1;

  constructor(sink: Sink, spectator: Spectator) {
    this.#sink = sink;
    this.#spectator = spectator;
    sink.onStart(this.#head);
  }

  async write(operation: Operation): Promise<Outcome> {
    const { key } = operation;
    const current = this.#entries.get(key);
    const refused = { done: false, ...(current !== undefined && { current }) } as const;
    if (operation.kind === 'create' ? current !== undefined : current === undefined) return refused;
    if ('expected' in operation && operation.expected !== undefined) {
      if (current?.revision !== operation.expected) return refused;
    }
    this.#head += 1;
    const revision = this.#head;
    const created = current?.created ?? revision;
    const value = operation.kind === 'delete' ? current?.value : operation.value;
    const entry = { key, value: value ?? new Uint8Array(), revision, created };
    const deleted = operation.kind === 'delete';
    if (deleted) this.#entries.delete(key);
    else this.#entries.set(key, entry);
    const previous = current !== undefined && !deleted ? { previous: current.value } : {};
    const change: Change = { ...entry, deleted, ...previous };
    this.#changes.push(change);
    this.#sink.onChanges([change], revision);
    this.#spectator(change);
    return { done: true, revision, ...(current !== undefined && { previous: current }) };
  }

  async get(key: string): Promise<Reading> {
    const entry = this.#entries.get(key);
    return { revision: this.#head, ...(entry !== undefined && { entry }) };
  }

  async list({ prefix, after = '', limit, revision }: Range): Promise<Page> {
    if (revision !== undefined && revision !== this.#head) throw new Error('only now is kept');
    const keys = [...this.#entries.keys()].filter((key) => key.startsWith(prefix) && key > after);
    const chosen = keys.toSorted().slice(0, limit);
    const entries = chosen.flatMap((key) => this.#entries.get(key) ?? []);
    return { revision: this.#head, entries, more: keys.length > chosen.length };
  }

  async count({ prefix }: Range): Promise<number> {
    return [...this.#entries.keys()].filter((key) => key.startsWith(prefix)).length;
  }

  async *changes({ prefix, after, upTo }: Span): AsyncGenerator<readonly Change[]> {
    yield this.#changes.filter(
      ({ key, revision }) => key.startsWith(prefix) && revision > after && revision <= upTo,
    );
  }

  async history(key: string, limit: HistoryLimit): Promise<readonly PastChange[]> {
    return this.#changes.filter((change) => change.key === key).slice(-limit.changes);
  }

  async revisionAt(): Promise<number> {
    return this.#head;
  }

  async currentRevision(): Promise<number> {
    return this.#head;
  }

  async compact(): Promise<void> {}

  async backup(): Promise<Backup> {
    throw new Error('nothing to back up');
  }

  async openSession(): Promise<Session> {
    throw new Error('no sessions here');
  }

  async size(): Promise<DriverSize> {
    return { oldestRevision: 1, databaseBytes: 0 };
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
