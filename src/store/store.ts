/**
 * The cluster's state: a log of changes with one revision each, read as a map from key to value at
 * any revision still kept. The embedded database and etcd give the same guarantees, which
 * `README.md` lists; `open.ts` opens either.
 *
 * Keys are those of Kubernetes (`/registry/pods/default/web`), prefixes end with `/`. A revision is
 * a positive integer that only grows, over restarts too; it has gaps, so do not count with it.
 */
export interface Store extends AsyncDisposable {
  /** The newest revision this process has seen; every change up to it was offered to watches. */
  readonly revision: number;
  /** Settles, with the reason, when the store failed for good and has to be opened again. */
  readonly failed: Promise<Error>;

  /** Durable when it resolves. Throws DomainError `exists`. Returns the new revision. */
  create(key: string, value: Uint8Array, options?: WriteOptions): Promise<number>;
  /** Throws {@link ConflictError} unless the key's revision is `expected`. */
  update(key: string, value: Uint8Array, options: UpdateOptions): Promise<number>;
  /** Returns what was removed, with its old revision. Throws DomainError `notFound`. */
  delete(key: string, options?: DeleteOptions): Promise<Deleted>;

  /** One key, now or at a revision. Throws {@link CompactedError}. */
  get(key: string, options?: ReadOptions): Promise<Reading>;
  /** The keys below a prefix in the order of their bytes, a page of one consistent revision. */
  list(prefix: string, options?: ListOptions): Promise<Page>;
  /** How many keys {@link list} would return in all. */
  count(prefix: string, options?: ListOptions): Promise<number>;
  /** The newest values the key had that are still kept, oldest first, deletions included. */
  history(key: string, options?: HistoryOptions): Promise<readonly PastChange[]>;
  /** The newest revision at a time in milliseconds since 1970. Throws {@link CompactedError}. */
  revisionAt(timeMs: number): Promise<number>;

  /**
   * Every change below a prefix with a revision greater than `after`, each once and in order.
   * Starting never blocks: what is wrong with `after` is thrown by the first read.
   */
  watch(prefix: string, options: WatchOptions): Watch;
  /** Asks the database itself: the newest revision acknowledged to anyone before the call. */
  currentRevision(): Promise<number>;
  /** Resolves when {@link revision} is at least this. Throws what `signal` was aborted with. */
  reached(revision: number, signal: AbortSignal): Promise<void>;

  /**
   * Forgets what is older than this revision; the state at it stays readable. Resolves when the
   * space is free; writers go on meanwhile, for it is done in small slices.
   */
  compact(revision: number): Promise<void>;
  /** Writes one file with a consistent state; readers and writers go on meanwhile. */
  backup(path: string): Promise<Backup>;
  /** Keys created in a session vanish when its process does: the base of leader election. */
  openSession(options: SessionOptions): Promise<Session>;
  statistics(): Promise<Statistics>;
}

export interface Entry {
  readonly key: string;
  readonly value: Uint8Array;
  /** The revision that wrote the value. */
  readonly revision: number;
  /** The revision that created the key. */
  readonly created: number;
}

export type Deleted = Entry & { readonly deletedAt: number };

/** A put, or with `deleted` a removal, whose `value` is then the last one the key had. */
export interface Change extends Entry {
  readonly deleted: boolean;
  /** The value before an update; absent when the key was created. */
  readonly previous?: Uint8Array;
}

export interface PastChange extends Change {
  /** When it was written, in milliseconds since 1970; absent where the driver cannot tell. */
  readonly timeMs?: number;
}

export interface WriteOptions {
  /** Tied to this session. */
  readonly session?: Session;
}

export interface UpdateOptions {
  readonly expected: number;
  /**
   * A heartbeat: seen by all readers at once, on disk within ten seconds. A crash may lose it, in
   * which case the key gets its older value back under a new revision. etcd writes it at once.
   */
  readonly volatile?: boolean;
}

export interface DeleteOptions {
  readonly expected?: number;
}

export interface ReadOptions {
  readonly revision?: number;
}

export interface HistoryOptions {
  /** At most so many of the newest changes, fewer when they are large; 1,000 unless told. */
  readonly limit?: number;
}

export interface ListOptions extends ReadOptions {
  /** At most so many entries; 500 unless told. */
  readonly limit?: number;
  /** Goes on after this key, with the first page's revision. */
  readonly after?: string;
}

export interface Reading {
  /** The revision that was read at. */
  readonly revision: number;
  readonly entry?: Entry;
}

export interface Page {
  /** The revision that was read at: watch after it, or go on listing at it. */
  readonly revision: number;
  readonly entries: readonly Entry[];
  readonly more: boolean;
}

export interface WatchOptions {
  readonly after: number;
  readonly signal?: AbortSignal;
}

/**
 * Iterated once. Ends when its signal is aborted or it is disposed of; throws
 * {@link CompactedError} when `after` is no longer kept and {@link SlowReaderError} when the reader
 * fell too far behind.
 */
export interface Watch extends AsyncIterable<readonly Change[]>, Disposable {
  /** All changes up to this revision were handed out; what a bookmark may say. */
  readonly revision: number;
}

export interface SessionOptions {
  /** How long the session outlives a process that no longer answers, in seconds. */
  readonly timeToLiveSeconds: number;
}

export interface Session extends AsyncDisposable {
  /** Names the session inside its driver. */
  readonly id: string;
  /** Aborted when the session is over, whatever the reason; its keys are then gone or going. */
  readonly ended: AbortSignal;
}

export interface Backup {
  readonly revision: number;
  readonly sizeBytes: number;
}

export interface Statistics {
  readonly revision: number;
  /** Reads and watches before this revision throw {@link CompactedError}. */
  readonly oldestRevision: number;
  readonly databaseBytes: number;
  /** The part of it that is values of the past; absent on etcd. */
  readonly historyBytes?: number;
  readonly watches: number;
}
