/** One measured question, with ours and its peers as sides that are run in turn. */
export interface Bench {
  /** The question in one line, for --list. */
  readonly question: string;
  /** Makes what all sides need (images, servers); what it returns is disposed of at the end. */
  prepare(): Promise<AsyncDisposable & { readonly cases: readonly BenchCase[] }>;
}

export interface BenchCase {
  /** Empty when the question has one case. */
  readonly case: string;
  readonly unit: string;
  readonly ours: Side;
  readonly peers: readonly Side[];
  /** Rounds in which each side runs once, ours first (A B A B). */
  readonly rounds: number;
}

export interface Side {
  readonly name: string;
  /** One round's samples in the case's unit; measured by the side itself. */
  run(): Promise<readonly number[]>;
}
