/** A step of a plan was done at this time; several of one name in a row are one. */
export interface Mark {
  readonly name: string;
  /** Since 1970. */
  readonly atNs: bigint;
}

/** `NAME NS` pairs, as a supervisor tells them. */
export function readMarks(fields: readonly Buffer[]): Mark[] {
  return Array.from({ length: Math.floor(fields.length / 2) }, (_, i) => ({
    name: String(fields[2 * i]),
    atNs: BigInt(String(fields[2 * i + 1])),
  }));
}
