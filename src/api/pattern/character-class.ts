import {
  anyOf,
  between,
  type Characters,
  not,
  perlClass,
  posixClass,
  unicodeClass,
} from './character.ts';

const controls: Readonly<Record<string, number>> = {
  a: 0x07,
  f: 0x0c,
  n: 0x0a,
  r: 0x0d,
  t: 0x09,
  v: 0x0b,
};

/** Reads what stands in brackets, `[a-z\d]`, and escapes of single characters. */
export class CharacterClass {
  readonly #text: readonly string[];
  #at: number;

  /** `at` is where it begins, after its bracket. */
  constructor(text: readonly string[], at: number) {
    this.#text = text;
    this.#at = at;
  }

  /** Where the pattern goes on. */
  get end(): number {
    return this.#at;
  }

  /** Undefined where the bracket is never closed. */
  read(): Characters | undefined {
    const inverted = this.#text[this.#at] === '^';
    if (inverted) this.#at += 1;
    const sets: Characters[] = [];
    for (let first = true; ; first = false) {
      const letter = this.#text[this.#at];
      if (letter === undefined) return undefined;
      if (letter === ']' && !first) break;
      const set = this.#named() ?? this.#range();
      if (set === undefined) return undefined;
      sets.push(set);
    }
    this.#at += 1;
    return inverted ? not(anyOf(...sets)) : anyOf(...sets);
  }

  /** The character that is meant by the letters after a backslash. */
  escaped(): number | undefined {
    const letter = this.#text[this.#at] ?? '';
    const rest = this.#text.slice(this.#at, this.#at + 12).join('');
    const [octal] = /^0[0-7]{0,2}|^[1-7][0-7]{1,2}/.exec(rest) ?? [];
    const [hex, short, long] = /^x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})/.exec(rest) ?? [];
    if (octal !== undefined) return this.#taken(octal.length, Number.parseInt(octal, 8));
    if (hex !== undefined) return this.#taken(hex.length, Number.parseInt(short ?? long ?? '', 16));
    if (/^[afnrtv]$/.test(letter)) return this.#taken(1, controls[letter] ?? 0);
    return /^[!-/:-@[-`{-~]$/.test(letter) ? this.#taken(1, letter.charCodeAt(0)) : undefined;
  }

  #taken(letters: number, code: number): number | undefined {
    this.#at += letters;
    return code <= 0x10_ff_ff ? code : undefined;
  }

  /** `[:alpha:]`, `\d`, `\pL` */
  #named(): Characters | undefined {
    const rest = this.#text.slice(this.#at, this.#at + 48).join('');
    const [posix, name = ''] = /^\[:(\^?\w+):\]/.exec(rest) ?? [];
    const known = posix === undefined ? undefined : posixClass(name);
    if (posix !== undefined && known !== undefined) return this.#set(posix.length, known);
    const [perl, letter = ''] = /^\\([dwsDWS])/.exec(rest) ?? [];
    const set = perl === undefined ? undefined : perlClass(letter);
    if (perl !== undefined && set !== undefined) return this.#set(perl.length, set);
    const [unicode, sign, short, long] = /^\\([pP])(?:(\w)|\{(\^?\w+)\})/.exec(rest) ?? [];
    if (unicode === undefined) return undefined;
    const meant = unicodeClass(short ?? long ?? '');
    return this.#set(unicode.length, sign === 'P' ? not(meant) : meant);
  }

  #set(letters: number, set: Characters): Characters {
    this.#at += letters;
    return set;
  }

  #range(): Characters | undefined {
    const first = this.#single();
    if (first === undefined) return undefined;
    const next = this.#text[this.#at + 1];
    if (this.#text[this.#at] !== '-' || next === undefined || next === ']') {
      return between(first, first);
    }
    this.#at += 1;
    const last = this.#single();
    return last === undefined || last < first ? undefined : between(first, last);
  }

  #single(): number | undefined {
    const letter = this.#text[this.#at];
    this.#at += 1;
    return letter === '\\' ? this.escaped() : letter?.codePointAt(0);
  }
}
