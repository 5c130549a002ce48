import { DomainError } from '../../base/error.ts';
import { isList, isObject, type Json, type JsonObject } from '../json.ts';
import { checkLabelKey, checkLabelValue } from './label.ts';

export type Operator = 'in' | 'notin' | 'exists' | 'absent' | 'greater' | 'less';

export interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  readonly values: readonly string[];
}

/** All have to hold; an empty list selects everything. */
export type LabelSelector = readonly Requirement[];

export type Labels = Readonly<Record<string, string>>;

const longestText = 64 * 1024;

/** `app=web,tier in (a, b),!legacy`, as `kubectl -l` takes it. Throws DomainError `invalid`. */
export function parseLabelSelector(text: string): LabelSelector {
  if (text.length > longestText) throw new DomainError('invalid', 'the label selector is too long');
  const parser = new Parser(text);
  return parser.selector();
}

/** The `matchLabels` and `matchExpressions` of an object. Throws DomainError `invalid`. */
export function readLabelSelector(selector: JsonObject | undefined): LabelSelector {
  const requirements: Requirement[] = [];
  const labels = selector?.['matchLabels'];
  if (isObject(labels)) {
    for (const [key, value] of Object.entries(labels)) {
      requirements.push({ key, operator: 'in', values: texts([value]) });
    }
  }
  const expressions = selector?.['matchExpressions'];
  for (const item of isList(expressions) ? expressions : []) {
    if (isObject(item)) requirements.push(readExpression(item));
  }
  return requirements;
}

export function matchesLabels(selector: LabelSelector, labels: Labels): boolean {
  return selector.every((requirement) => holds(requirement, labels));
}

const operators: Readonly<Record<string, Operator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: 'absent',
};

function readExpression(item: JsonObject): Requirement {
  const { key, operator, values } = item;
  const known = typeof operator === 'string' ? operators[operator] : undefined;
  if (known === undefined || typeof key !== 'string') {
    throw new DomainError(
      'invalid',
      `${JSON.stringify(operator)} is not a valid label selector operator`,
    );
  }
  return { key, operator: known, values: isList(values) ? texts(values) : [] };
}

function texts(values: readonly (Json | undefined)[]): string[] {
  return values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
}

function holds({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'in':
      return value !== undefined && values.includes(value);
    case 'notin':
      return value === undefined || !values.includes(value);
    case 'exists':
      return value !== undefined;
    case 'absent':
      return value === undefined;
    default:
      return compares(operator, value, values[0] ?? '');
  }
}

function compares(operator: 'greater' | 'less', value: string | undefined, bound: string): boolean {
  if (value === undefined || !/^-?\d{1,19}$/.test(value)) return false;
  return operator === 'greater' ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound);
}

type Token = { readonly kind: 'word' | 'sign' | 'end'; readonly text: string };

/** The grammar of k8s.io/apimachinery's labels.Parse, with its words for what is wrong. */
class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    const found = text.matchAll(/\s*(?:(==|!=|[=!<>(),])|([^\s=!<>(),]+))\s*/g);
    this.#tokens = [...found].map((match) => ({
      kind: match[1] === undefined ? 'word' : 'sign',
      text: match[1] ?? match[2] ?? '',
    }));
  }

  selector(): Requirement[] {
    const requirements: Requirement[] = [];
    if (this.#peek().kind === 'end') return requirements;
    for (;;) {
      requirements.push(this.#requirement());
      const next = this.#next();
      if (next.kind === 'end') return requirements;
      if (next.text !== ',') throw unexpected(next, "',' or 'end of string'");
      const after = this.#peek();
      if (after.kind !== 'word' && after.text !== '!') {
        throw unexpected(after, "identifier after ','");
      }
    }
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '' };
  }

  #next(): Token {
    const token = this.#peek();
    this.#at += 1;
    return token;
  }

  #requirement(): Requirement {
    if (this.#peek().text === '!') {
      this.#next();
      return { key: this.#key(), operator: 'absent', values: [] };
    }
    const key = this.#key();
    const next = this.#peek();
    if (next.kind === 'end' || next.text === ',') return { key, operator: 'exists', values: [] };
    return this.#comparison(key, this.#next());
  }

  #key(): string {
    const token = this.#next();
    if (token.kind !== 'word') throw unexpected(token, 'identifier');
    checkLabelKey(token.text);
    return token.text;
  }

  #comparison(key: string, { kind, text }: Token): Requirement {
    if (text === '=' || text === '==') return { key, operator: 'in', values: [this.#value()] };
    if (text === '!=') return { key, operator: 'notin', values: [this.#value()] };
    if (text === '>') return { key, operator: 'greater', values: [this.#number()] };
    if (text === '<') return { key, operator: 'less', values: [this.#number()] };
    if (kind === 'word' && (text === 'in' || text === 'notin')) {
      return { key, operator: text, values: this.#values() };
    }
    throw unexpected({ kind, text }, 'in, notin, =, ==, !=, gt, lt');
  }

  /** Nothing is a value too: `app=`. */
  #value(): string {
    const token = this.#peek();
    if (token.kind === 'end' || token.text === ',') return '';
    this.#next();
    if (token.kind !== 'word') throw unexpected(token, 'identifier');
    checkLabelValue(token.text);
    return token.text;
  }

  #number(): string {
    const value = this.#value();
    if (/^-?\d{1,19}$/.test(value)) return value;
    throw new DomainError(
      'invalid',
      `"${value}": for 'Gt', 'Lt' operators, the value must be an integer`,
    );
  }

  #values(): string[] {
    const open = this.#next();
    if (open.text !== '(') throw unexpected(open, "'('");
    const values: string[] = [];
    for (;;) {
      const token = this.#peek();
      if (token.text === ')' || token.text === ',') values.push('');
      else values.push(this.#value());
      const next = this.#next();
      if (next.text === ')') return [...new Set(values)];
      if (next.text !== ',') throw unexpected(next, "',', or ')'");
    }
  }
}

function unexpected({ kind, text }: Token, wanted: string): DomainError {
  const found = kind === 'end' ? '' : text;
  return new DomainError(
    'invalid',
    `unable to parse requirement: found '${found}', expected: ${wanted}`,
  );
}
