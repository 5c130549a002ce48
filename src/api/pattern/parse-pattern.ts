import { DomainError } from '../../base/error.ts';
import { type Characters, eitherCase, not, perlClass, unicodeClass } from './character.ts';
import { CharacterClass } from './character-class.ts';

/** A regular expression, taken apart. */
export type Node =
  | { readonly is: 'character'; readonly set: Characters }
  | { readonly is: 'sequence'; readonly nodes: readonly Node[] }
  | { readonly is: 'choice'; readonly nodes: readonly Node[] }
  | { readonly is: 'repeat'; readonly node: Node; readonly least: number; readonly most: number }
  | { readonly is: 'place'; readonly at: Place };

export type Place = 'textStart' | 'textEnd' | 'lineStart' | 'lineEnd' | 'wordEdge' | 'noWordEdge';

interface Flags {
  readonly ignoreCase: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
}

const mostDepth = 200;
const mostRepeats = 1000;

/** Reads the syntax of Go's regular expressions. Throws DomainError `invalid` with Go's words. */
export function parsePattern(pattern: string): Node {
  return new PatternParser(pattern).parse();
}

class PatternParser {
  readonly #text: readonly string[];
  readonly #pattern: string;
  #at = 0;
  #depth = 0;
  #flags: Flags = { ignoreCase: false, multiline: false, dotAll: false };

  constructor(pattern: string) {
    this.#pattern = pattern;
    this.#text = Array.from(pattern);
  }

  parse(): Node {
    const node = this.#choice();
    if (this.#at < this.#text.length) throw this.#fault('unexpected )', this.#pattern);
    return node;
  }

  get #next(): string | undefined {
    return this.#text[this.#at];
  }

  #take(): string {
    const letter = this.#text[this.#at] ?? '';
    this.#at += 1;
    return letter;
  }

  #fault(words: string, what: string): DomainError {
    return new DomainError('invalid', `error parsing regexp: ${words}: \`${what}\``);
  }

  #choice(): Node {
    this.#depth += 1;
    if (this.#depth > mostDepth) {
      throw this.#fault('expression nests too deeply', this.#pattern.slice(0, 100));
    }
    const nodes = [this.#sequence()];
    while (this.#next === '|') {
      this.#at += 1;
      nodes.push(this.#sequence());
    }
    this.#depth -= 1;
    return nodes.length === 1 && nodes[0] !== undefined ? nodes[0] : { is: 'choice', nodes };
  }

  #sequence(): Node {
    const nodes: Node[] = [];
    while (this.#next !== undefined && this.#next !== '|' && this.#next !== ')') {
      if (this.#text.slice(this.#at, this.#at + 2).join('') === '\\Q') {
        nodes.push(...this.#quoted());
        continue;
      }
      const node = this.#atom();
      if (node !== undefined) nodes.push(this.#repeated(node));
    }
    return { is: 'sequence', nodes };
  }

  #quoted(): Node[] {
    const start = this.#at + 2;
    const rest = this.#text.slice(start).join('');
    const end = rest.indexOf('\\E');
    const words = end < 0 ? rest : rest.slice(0, end);
    this.#at = start + Array.from(words).length + (end < 0 ? 0 : 2);
    return Array.from(words, (letter) => this.#literal(letter));
  }

  #repeated(node: Node): Node {
    let result = node;
    for (let count = 0; ; count += 1) {
      const bounds = this.#bounds();
      if (bounds === undefined) return result;
      // The second one may only say that as little as possible is meant: all the same here.
      if (this.#next === '?') this.#at += 1;
      if (count > 0) throw this.#fault('invalid nested repetition operator', this.#pattern);
      const [least, most] = bounds;
      result = { is: 'repeat', node: result, least, most };
    }
  }

  #bounds(): readonly [number, number] | undefined {
    const letter = this.#next ?? '';
    const simple = { '*': [0, Infinity], '+': [1, Infinity], '?': [0, 1] } as const;
    if (letter in simple) {
      this.#at += 1;
      return simple[letter as keyof typeof simple];
    }
    const [whole, least = '', comma, most = ''] =
      /^\{(\d{1,9})(,?)(\d{0,9})\}/.exec(this.#text.slice(this.#at, this.#at + 24).join('')) ?? [];
    if (whole === undefined) return undefined;
    this.#at += whole.length;
    const last = most === '' ? (comma === '' ? Number(least) : Infinity) : Number(most);
    const tooMany = Number(least) > mostRepeats || (last !== Infinity && last > mostRepeats);
    if (tooMany || last < Number(least)) throw this.#fault('invalid repeat count', whole);
    return [Number(least), last];
  }

  /** Undefined for what is no part of the text: flags. */
  #atom(): Node | undefined {
    const letter = this.#take();
    if (letter === '(') return this.#group();
    if (letter === '[') return this.#character(this.#bracket());
    if (letter === '.') return this.#character(this.#anything());
    if (letter === '^') return place(this.#flags.multiline ? 'lineStart' : 'textStart');
    if (letter === '$') return place(this.#flags.multiline ? 'lineEnd' : 'textEnd');
    if (letter === '\\') return this.#escape();
    if (letter === '*' || letter === '+' || letter === '?') {
      throw this.#fault('missing argument to repetition operator', letter);
    }
    return this.#literal(letter);
  }

  #anything(): Characters {
    return this.#flags.dotAll ? () => true : (code) => code !== 0x0a;
  }

  #literal(letter: string): Node {
    const wanted = letter.codePointAt(0) ?? 0;
    return this.#character((code) => code === wanted);
  }

  #character(set: Characters): Node {
    return { is: 'character', set: this.#flags.ignoreCase ? eitherCase(set) : set };
  }

  #bracket(): Characters {
    const start = this.#at - 1;
    const reader = new CharacterClass(this.#text, this.#at);
    const set = reader.read();
    if (set === undefined) {
      throw this.#fault('missing closing ]', this.#text.slice(start).join(''));
    }
    this.#at = reader.end;
    return set;
  }

  #group(): Node | undefined {
    const outer = this.#flags;
    if (this.#next === '?') {
      const rest = this.#text.slice(this.#at, this.#at + 80).join('');
      const [name] = /^\?P?<\w+>/.exec(rest) ?? [];
      const [flags, on, off = '', end] = /^\?([imsU]*)(-[imsU]+)?([:)])/.exec(rest) ?? [];
      if (name === undefined && flags === undefined) {
        throw this.#fault('invalid or unsupported Perl syntax', `(${rest.slice(0, 2)}`);
      }
      this.#at += Array.from(name ?? flags ?? '').length;
      if (on !== undefined) this.#flags = changed(outer, on, off);
      if (end === ')') return undefined;
    }
    const node = this.#choice();
    if (this.#take() !== ')') throw this.#fault('missing closing )', this.#pattern);
    this.#flags = outer;
    return node;
  }

  #escape(): Node {
    const letter = this.#take();
    if (letter === '') throw this.#fault('trailing backslash at end of expression', '');
    const places: Partial<Record<string, Place>> = {
      A: 'textStart',
      z: 'textEnd',
      b: 'wordEdge',
      B: 'noWordEdge',
    };
    const at = /^[AzbB]$/.test(letter) ? places[letter] : undefined;
    if (at !== undefined) return place(at);
    const perl = perlClass(letter);
    if (perl !== undefined) return this.#character(perl);
    if (letter === 'p' || letter === 'P') {
      const [whole = '', short = '', long = ''] =
        /^(?:(\w)|\{(\^?\w+)\})/.exec(this.#text.slice(this.#at, this.#at + 44).join('')) ?? [];
      this.#at += whole.length;
      const set = unicodeClass(short === '' ? long : short);
      return this.#character(letter === 'P' ? not(set) : set);
    }
    const reader = new CharacterClass(this.#text, this.#at - 1);
    const code = reader.escaped();
    if (code === undefined) throw this.#fault('invalid escape sequence', `\\${letter}`);
    this.#at = reader.end;
    return this.#literal(String.fromCodePoint(code));
  }
}

function place(at: Place): Node {
  return { is: 'place', at };
}

function changed(flags: Flags, on: string, off: string): Flags {
  const is = (letter: string, before: boolean) =>
    (before || on.includes(letter)) && !off.includes(letter);
  return {
    ignoreCase: is('i', flags.ignoreCase),
    multiline: is('m', flags.multiline),
    dotAll: is('s', flags.dotAll),
  };
}
