import { DomainError } from '../base/error.ts';

/** What a flag takes: nothing, one value, or one value each time it is given. */
export type FlagKind = 'boolean' | 'string' | 'list';

/** Flags by their long name; `aliases` are short ones and older spellings. */
export interface FlagTable {
  readonly [name: string]: { readonly kind: FlagKind; readonly aliases?: readonly string[] };
}

/** What was given, by long names. */
export class Flags {
  readonly #values = new Map<string, string[]>();

  add(name: string, value: string): void {
    const values = this.#values.get(name);
    if (values === undefined) this.#values.set(name, [value]);
    else values.push(value);
  }

  text(name: string): string | undefined {
    return this.#values.get(name)?.at(-1);
  }

  list(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  on(name: string): boolean {
    return this.text(name) === 'true';
  }

  /** DomainError `invalid` for anything but a whole number. */
  number(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (/^-?\d{1,15}$/.test(text)) return Number(text);
    throw new DomainError('invalid', `Value "${text}" of flag --${name} is no number`);
  }
}

/**
 * Flags up to the first word that is none, as Go's flag package reads them, because that is what
 * callers of runc write: one dash or two, `--flag=value` or `--flag value`, `--flag=false`. What
 * follows belongs to somebody else, such as the program that `exec` runs.
 */
export function parseFlags(
  table: FlagTable,
  words: readonly string[],
): { readonly flags: Flags; readonly rest: readonly string[] } {
  const flags = new Flags();
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--') return { flags, rest: words.slice(at + 1) };
    const match = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(word);
    if (match === null) return { flags, rest: words.slice(at) };
    const [, given = '', value] = match;
    const [name, kind] = find(table, given);
    if (kind === 'boolean') flags.add(name, booleanOf(name, value));
    else if (value !== undefined) flags.add(name, value);
    else {
      const next = words[++at];
      if (next === undefined) throw new DomainError('invalid', `Flag --${name} needs a value`);
      flags.add(name, next);
    }
  }
  return { flags, rest: [] };
}

function find(table: FlagTable, given: string): [string, FlagKind] {
  for (const [name, { kind, aliases = [] }] of Object.entries(table)) {
    if (name === given || aliases.includes(given)) return [name, kind];
  }
  throw new DomainError('invalid', `Flag "-${given.length > 1 ? '-' : ''}${given}" is not known`);
}

function booleanOf(name: string, value = 'true'): string {
  if (['true', '1', 't', 'T', 'TRUE', 'True'].includes(value)) return 'true';
  if (['false', '0', 'f', 'F', 'FALSE', 'False'].includes(value)) return 'false';
  throw new DomainError('invalid', `Value "${value}" of flag --${name} is neither true nor false`);
}
