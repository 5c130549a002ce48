import type { DomainErrorKind } from '../../base/error.ts';
import type { Operation, Outcome } from '../driver.ts';

/** What the main thread asks the writing thread. */
export type Request = { kind: 'write'; operations: readonly Operation[] } | Errand;

/** Each is answered once, with `done` or `failed`; a compaction when all is swept. */
export type Errand =
  | { kind: 'flush'; id: number }
  | { kind: 'compact'; id: number; revision: number }
  | { kind: 'keysOf'; id: number; session: string }
  | { kind: 'close'; id: number };

/** `written` and `refused` come in the order of the writes, each for one or more of them. */
export type Answer =
  | { kind: 'opened'; head: number; compacted: number; pastBytes: number }
  | { kind: 'written'; outcomes: readonly Outcome[]; head: number; pastBytes: number }
  | { kind: 'refused'; operations: number; failure: Failure }
  | { kind: 'flushed'; upTo: number }
  | { kind: 'done'; id: number; keys: readonly string[]; pastBytes: number }
  | { kind: 'failed'; id?: number; failure: Failure };

export interface Failure {
  readonly kind: DomainErrorKind;
  readonly message: string;
  /** The thread has closed the database and ends. */
  readonly final: boolean;
}

export interface ThreadOptions {
  readonly path: string;
  readonly flushIntervalMs: number;
}
