import { DomainError } from '../base/error.ts';
import type { Entry } from './store.ts';

/** The key's revision is not the expected one. */
export class ConflictError extends DomainError {
  /** What is there instead; absent when there is nothing. */
  readonly current?: Entry;

  constructor(key: string, expected: number, current?: Entry) {
    const found = current === undefined ? 'it does not exist' : `it is at ${current.revision}`;
    super('conflict', `Cannot change "${key}" at revision ${expected}: ${found}`);
    if (current !== undefined) this.current = current;
  }
}

/** The revision asked for lies before the history that is kept: list again. */
export class CompactedError extends DomainError {
  readonly oldestRevision: number;

  constructor(revision: number, oldestRevision: number) {
    const kept = `history is kept from revision ${oldestRevision}`;
    super('invalid', `Revision ${revision} is no longer known: ${kept}`);
    this.oldestRevision = oldestRevision;
  }
}

/** A watch was ended because its reader did not keep up: watch again after `revision`. */
export class SlowReaderError extends DomainError {
  readonly revision: number;

  constructor(prefix: string, revision: number, backlog: string) {
    const resume = `it can go on after revision ${revision}`;
    super('unavailable', `Watch of "${prefix}" ended: its reader is ${backlog} behind, ${resume}`);
    this.revision = revision;
  }
}

export function futureRevision(revision: number, head: number): DomainError {
  return new DomainError('invalid', `Revision ${revision} is in the future: this is ${head}`);
}

/** The write may or may not have happened: read before trying again. */
export function unknownOutcome(key: string, cause: unknown): DomainError {
  return new DomainError('timeout', `It is not known whether "${key}" was written`, { cause });
}
