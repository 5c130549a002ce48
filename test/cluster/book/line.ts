/** A line as the books have it, and what is seen: once, or as soon as it is so. */
export interface Line {
  readonly command: string;
  readonly shows: RegExp;
  /** Controllers have to do something first. */
  readonly waits?: boolean;
}

export const line = (command: string, shows: RegExp): Line => ({ command, shows });
export const soon = (command: string, shows: RegExp): Line => ({ command, shows, waits: true });

/** One expression in several lines. */
export function joined(...parts: readonly RegExp[]): RegExp {
  return new RegExp(parts.map(({ source }) => source).join(''));
}
