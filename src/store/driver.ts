import type {
  Backup,
  Change,
  Entry,
  Page,
  PastChange,
  Reading,
  Session,
  SessionOptions,
} from './store.ts';

/**
 * A database below the log. It orders writes, keeps history and reports each change once, in order;
 * it checks no keys and knows no watches. Sqlite and etcd are drivers.
 */
export interface Driver extends AsyncDisposable {
  write(operation: Operation): Promise<Outcome>;
  /** `revision` was the newest at some time; undefined is now. */
  get(key: string, revision: number | undefined): Promise<Reading>;
  list(range: Range): Promise<Page>;
  count(range: Range): Promise<number>;
  /** Every change below the prefix in `after < revision <= upTo`, whole revisions at a time. */
  changes(span: Span): AsyncIterable<readonly Change[]>;
  /** The newest changes within the limit, oldest first. */
  history(key: string, limit: HistoryLimit): Promise<readonly PastChange[]>;
  revisionAt(timeMs: number): Promise<number>;
  currentRevision(): Promise<number>;
  compact(revision: number): Promise<void>;
  backup(path: string): Promise<Backup>;
  openSession(options: SessionOptions): Promise<Session>;
  size(): Promise<DriverSize>;
}

/** How a driver tells the log; it may call before its promises resolve, never after closing. */
export interface Sink {
  /** Called once, first: everything after this revision will be told. */
  onStart(revision: number): void;
  /** Changes up to `head`, none of them heard before; a revision never spans two calls. */
  onChanges(changes: readonly Change[], head: number): void;
  /** History up to this revision was missed and cannot be had: watches must start anew. */
  onGap(oldestRevision: number): void;
  /** Nothing works any more. */
  onFailure(reason: Error): void;
}

export type Operation =
  | { kind: 'create'; key: string; value: Uint8Array; session?: string }
  | { kind: 'update'; key: string; value: Uint8Array; expected: number; volatile: boolean }
  | { kind: 'delete'; key: string; expected?: number };

/** What became of an operation; a refusal comes with what is there instead. */
export type Outcome =
  { done: true; revision: number; previous?: Entry } | { done: false; current?: Entry };

export interface Range {
  readonly prefix: string;
  readonly after: string | undefined;
  readonly limit: number;
  readonly revision: number | undefined;
}

/** Whichever is reached first; the newest change is always among them. */
export interface HistoryLimit {
  readonly changes: number;
  readonly bytes: number;
}

export interface Span {
  readonly prefix: string;
  readonly after: number;
  readonly upTo: number;
}

export interface DriverSize {
  readonly oldestRevision: number;
  readonly databaseBytes: number;
  /** Absent where the driver cannot tell. */
  readonly historyBytes?: number;
}
