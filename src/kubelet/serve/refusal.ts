/** An answer that is no success, in words for people. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: number;
  /** Methods that there are instead, of a 405. */
  readonly allow: string | undefined;

  constructor(code: number, message: string, allow?: string) {
    super(message);
    this.code = code;
    this.allow = allow;
  }
}
