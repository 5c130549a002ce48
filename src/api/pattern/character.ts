import { DomainError } from '../../base/error.ts';

/** Which characters (code points) are meant. */
export type Characters = (code: number) => boolean;

export const none: Characters = () => false;

export function between(first: number, last: number): Characters {
  return (code) => code >= first && code <= last;
}

export function anyOf(...sets: readonly Characters[]): Characters {
  return (code) => sets.some((contains) => contains(code));
}

export function not(set: Characters): Characters {
  return (code) => !set(code);
}

/** The same, whether written large or small. */
export function eitherCase(set: Characters): Characters {
  return (code) => {
    if (set(code)) return true;
    const letter = String.fromCodePoint(code);
    return [letter.toLowerCase(), letter.toUpperCase()].some((other) => {
      const [only = '', ...more] = other;
      return more.length === 0 && set(only.codePointAt(0) ?? 0);
    });
  };
}

const digit = between(0x30, 0x39);
const upper = between(0x41, 0x5a);
const lower = between(0x61, 0x7a);
const alpha = anyOf(upper, lower);
const underscore = between(0x5f, 0x5f);
const space: Characters = (code) => [0x20, 0x09, 0x0a, 0x0c, 0x0d].includes(code);
export const word = anyOf(digit, alpha, underscore);

/** `\d` and the like; undefined for a letter that is none of them. */
export function perlClass(letter: string): Characters | undefined {
  const set = ({ d: digit, w: word, s: space } as Record<string, Characters>)[letter.toLowerCase()];
  if (set === undefined || !/^[dws]$/i.test(letter)) return undefined;
  return letter === letter.toLowerCase() ? set : not(set);
}

const posix: Readonly<Record<string, Characters>> = {
  alnum: anyOf(digit, alpha),
  alpha,
  ascii: between(0, 0x7f),
  blank: (code) => code === 0x20 || code === 0x09,
  cntrl: anyOf(between(0, 0x1f), between(0x7f, 0x7f)),
  digit,
  graph: between(0x21, 0x7e),
  lower,
  print: between(0x20, 0x7e),
  punct: anyOf(between(0x21, 0x2f), between(0x3a, 0x40), between(0x5b, 0x60), between(0x7b, 0x7e)),
  space: anyOf(space, between(0x0b, 0x0b)),
  upper,
  word,
  xdigit: anyOf(digit, between(0x41, 0x46), between(0x61, 0x66)),
};

/** `alpha` of `[:alpha:]`; `^alpha` for all others. */
export function posixClass(name: string): Characters | undefined {
  const bare = name.replace('^', '');
  const set = Object.hasOwn(posix, bare) ? posix[bare] : undefined;
  if (set === undefined) return undefined;
  return name.startsWith('^') ? not(set) : set;
}

/** `L` of `\pL`, `Greek` of `\p{Greek}`. Throws DomainError `invalid`. */
export function unicodeClass(name: string): Characters {
  const inverted = name.startsWith('^');
  const bare = inverted ? name.slice(1) : name;
  if (bare === 'Any') return () => !inverted;
  for (const words of [bare, `Script=${bare}`]) {
    if (!/^[A-Za-z_=]{1,40}$/.test(words)) break;
    try {
      const set = new RegExp(`^\\p{${words}}$`, 'u');
      return (code) => set.test(String.fromCodePoint(code)) !== inverted;
    } catch {
      // Another kind of name.
    }
  }
  throw new DomainError(
    'invalid',
    `error parsing regexp: invalid character class range: \`\\p{${name}}\``,
  );
}
