import type { ContainerRequest } from './container-engine.ts';

/** How far a container has come; each is on disk before its effect begins. */
const phases = ['creating', 'created', 'starting', 'running', 'exited', 'removing'] as const;
export type Phase = (typeof phases)[number];

export function isPhase(word: string): word is Phase {
  return (phases as readonly string[]).includes(word);
}

/** What changes: file `state.json` of the container's folder. `request.json` has what does not. */
export interface ContainerRecord {
  readonly phase: Phase;
  readonly pid: number;
  readonly createdAtMs: number;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** Its shim was killed, and how it ended is not known. */
  readonly lost: boolean;
  /** Why it never ran; '' otherwise. */
  readonly startError: string;
  readonly notEnforced: readonly string[];
}

export const newRecord: ContainerRecord = {
  phase: 'creating',
  pid: 0,
  createdAtMs: 0,
  startedAtMs: 0,
  finishedAtMs: 0,
  exitCode: 0,
  oomKilled: false,
  lost: false,
  startError: '',
  notEnforced: [],
};

export interface StoredContainer {
  readonly request: ContainerRequest;
  readonly record: ContainerRecord;
  /** Its files cannot be read: what is here is a guess, good enough to remove it. */
  readonly damaged?: boolean;
}
