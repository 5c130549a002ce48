import { DomainError } from '../../base/error.ts';
import { schemaLimits } from '../../base/schema-limits.ts';
import { type Characters, word } from './character.ts';
import { type Node, parsePattern, type Place } from './parse-pattern.ts';

type Step =
  | { readonly is: 'character'; readonly set: Characters }
  /** Both ways at once. */
  | { readonly is: 'fork'; readonly to: number; readonly or: number }
  | { readonly is: 'place'; readonly at: Place }
  | { readonly is: 'found' };

/**
 * A regular expression of somebody else's, in Go's syntax. All ways through it are gone at the same
 * time, so that no pattern and no text make it slow: what it takes is the text's length times the
 * pattern's at most, and that is bounded too. JavaScript's own takes ages for `(a+)+$`.
 */
export class Pattern {
  readonly source: string;
  readonly #steps: Step[] = [];
  #written = 0;

  /** Throws DomainError `invalid` with Go's words. */
  constructor(source: string) {
    this.source = source;
    if (source.length > schemaLimits.patternLength) throw tooLarge(source);
    this.#write(parsePattern(source));
    this.#steps.push({ is: 'found' });
  }

  /** Whether it is found anywhere in a text; undefined when finding out takes too much. */
  test(text: string): boolean | undefined {
    const codes = Array.from(text, (letter) => letter.codePointAt(0) ?? 0);
    let work = 0;
    let now: number[] = [];
    const seen = new Int32Array(this.#steps.length).fill(-1);
    for (let at = 0; at <= codes.length; at += 1) {
      const here = this.#reach([...now, 0], { codes, at, seen });
      if (here === undefined) return true;
      work += here.length + 1;
      if (work > schemaLimits.patternSteps) return undefined;
      const code = codes[at] ?? -1;
      now = here.filter((index) => this.#takes(index, code)).map((index) => index + 1);
    }
    return false;
  }

  #takes(index: number, code: number): boolean {
    const step = this.#steps[index];
    return step?.is === 'character' && code >= 0 && step.set(code);
  }

  /** The characters that may come next; undefined when the end is reached. */
  #reach(
    from: readonly number[],
    { codes, at, seen }: { codes: readonly number[]; at: number; seen: Int32Array },
  ): number[] | undefined {
    const waiting = [...from].toReversed();
    const found: number[] = [];
    for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
      if (seen[index] === at) continue;
      seen[index] = at;
      const step = this.#steps[index];
      if (step === undefined || step.is === 'found') return undefined;
      if (step.is === 'character') found.push(index);
      else if (step.is === 'fork') waiting.push(step.or, step.to);
      else if (isAt(step.at, codes, at)) waiting.push(index + 1);
    }
    return found;
  }

  #write(node: Node): void {
    // Nothing, a thousand times a thousand times, makes no step.
    this.#written += 1;
    if (this.#written > schemaLimits.patternLength) throw tooLarge(this.source);
    if (node.is === 'character' || node.is === 'place') this.#steps.push(node);
    else if (node.is === 'sequence') for (const part of node.nodes) this.#write(part);
    else if (node.is === 'choice') this.#writeChoice(node.nodes);
    else this.#writeRepeat(node);
  }

  #writeChoice(nodes: readonly Node[]): void {
    const ends: number[] = [];
    nodes.forEach((node, index) => {
      const fork = index < nodes.length - 1 ? this.#steps.push(noFork) - 1 : undefined;
      this.#write(node);
      if (fork === undefined) return;
      ends.push(this.#steps.push(noFork) - 1);
      this.#steps[fork] = { is: 'fork', to: fork + 1, or: this.#steps.length };
    });
    const end = this.#steps.length;
    for (const index of ends) this.#steps[index] = { is: 'fork', to: end, or: end };
  }

  #writeRepeat({ node, least, most }: Extract<Node, { is: 'repeat' }>): void {
    for (let count = 0; count < least; count += 1) this.#write(node);
    if (most === Number.POSITIVE_INFINITY) {
      const fork = this.#steps.push(noFork) - 1;
      this.#write(node);
      this.#steps.push({ is: 'fork', to: fork, or: fork });
      this.#steps[fork] = { is: 'fork', to: fork + 1, or: this.#steps.length };
      return;
    }
    const forks: number[] = [];
    for (let count = least; count < most; count += 1) {
      forks.push(this.#steps.push(noFork) - 1);
      this.#write(node);
    }
    const end = this.#steps.length;
    for (const index of forks) this.#steps[index] = { is: 'fork', to: index + 1, or: end };
  }
}

/** Written over when its ends are known. */
const noFork: Step = { is: 'fork', to: 0, or: 0 };

function tooLarge(source: string): DomainError {
  const words = 'error parsing regexp: expression too large';
  return new DomainError('invalid', `${words}: \`${source.slice(0, 100)}\``);
}

function isAt(place: Place, codes: readonly number[], at: number): boolean {
  if (place === 'textStart') return at === 0;
  if (place === 'textEnd') return at === codes.length;
  if (place === 'lineStart') return at === 0 || codes[at - 1] === 0x0a;
  if (place === 'lineEnd') return at === codes.length || codes[at] === 0x0a;
  const isEdge = word(codes[at - 1] ?? -1) !== word(codes[at] ?? -1);
  return isEdge === (place === 'wordEdge');
}
