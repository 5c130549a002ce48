import { isDomainError } from '../../src/base/error.ts';

/** A parser of foreign input, as `npm run fuzz` and the replay test call it. */
export interface FuzzTarget {
  /**
   * Parses one input. DomainError is the one way to refuse it; everything else that is thrown, a
   * broken promise that `run` checks included, is a finding.
   */
  readonly run: (input: Buffer) => void;
  /** Sound inputs to begin with. */
  readonly seeds: readonly (Buffer | string)[];
  /** Words that a random byte would hardly make. */
  readonly words?: readonly string[];
  /** Repairs what would otherwise end every damaged input early, such as a checksum. */
  readonly repair?: (input: Buffer) => void;
  /** Inputs are JSON documents: change values and fields, not bytes alone. */
  readonly json?: boolean;
}

/** What is wrong with the input's handling; undefined when it was read or refused as promised. */
export function findingOf(target: FuzzTarget, input: Buffer): unknown {
  try {
    target.run(input);
    return undefined;
  } catch (error) {
    return isDomainError(error) ? undefined : error;
  }
}

/** For a promise of a target: throws what no one expects. */
export function hold(condition: boolean, promise: string): void {
  if (!condition) throw new Error(`broken promise: ${promise}`);
}
