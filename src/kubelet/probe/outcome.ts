/** What one try found out. */
export interface Outcome {
  readonly ok: boolean;
  /** In the words of the event Unhealthy. */
  readonly output: string;
}

/** What is kept of an answer's text. */
export const longestOutput = 10 * 1024;
