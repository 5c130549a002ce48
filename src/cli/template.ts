import { DomainError } from '../base/error.ts';

/**
 * Go templates as far as `--format` goes: `{{.Field.Sub}}`, `{{index .Map "key"}}`, `{{json .}}`,
 * `{{join .List ","}}`, `{{upper .}}`, `{{lower .}}`, `{{len .}}`, `{{println .}}`, pipes, and
 * `{{if}}…{{else}}…{{end}}` and `{{range}}…{{end}}` with the dot. All else is refused, not skipped:
 * variables, comparisons, nested templates.
 */
export function renderTemplate(text: string, value: unknown): string {
  return compileTemplate(text)(value);
}

export type Template = (dot: unknown) => string;

/** Checks the whole template first, so that a mistake is told before anything is printed. */
export function compileTemplate(text: string): Template {
  const tokens = tokenize(unescape(text));
  const { nodes, rest } = parseNodes(tokens, []);
  if (rest.length > 0) throw outside(`{{${rest[0]?.text ?? ''}}} without a beginning`);
  return (dot) => nodes.map((node) => node(dot)).join('');
}

interface Token {
  readonly action: boolean;
  readonly text: string;
}

/** Shells hand `\n` and `\t` over as they are typed. */
function unescape(text: string): string {
  return text.replaceAll(String.raw`\t`, '\t').replaceAll(String.raw`\n`, '\n');
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (let open = text.indexOf('{{'); open >= 0; open = text.indexOf('{{', at)) {
    const close = text.indexOf('}}', open);
    if (close < 0) throw outside('"{{" without "}}"');
    tokens.push({ action: false, text: text.slice(at, open) });
    tokens.push({ action: true, text: text.slice(open + 2, close).trim() });
    at = close + 2;
  }
  return [...tokens, { action: false, text: text.slice(at) }];
}

/** Nodes up to one of the closing words, which stays first in `rest`. */
function parseNodes(
  tokens: readonly Token[],
  closing: readonly string[],
): { nodes: Template[]; rest: readonly Token[] } {
  const nodes: Template[] = [];
  let rest = tokens;
  for (let token = rest[0]; token !== undefined; token = rest[0]) {
    const { action, text } = token;
    if (action && closing.includes(text)) return { nodes, rest };
    rest = rest.slice(1);
    if (!action) {
      nodes.push(() => text);
    } else if (/^(if|range)\s/.test(text)) {
      const block = parseBlock(text, rest);
      nodes.push(block.node);
      rest = block.rest;
    } else {
      const pipeline = parsePipeline(text);
      nodes.push((dot) => show(pipeline(dot)));
    }
  }
  if (closing.length > 0) throw outside('a block without {{end}}');
  return { nodes, rest };
}

function parseBlock(
  text: string,
  tokens: readonly Token[],
): { node: Template; rest: readonly Token[] } {
  const [word = '', ...words] = text.split(/\s+/);
  const subject = parsePipeline(words.join(' '));
  const yes = parseNodes(tokens, ['else', 'end']);
  const no =
    yes.rest[0]?.text === 'else'
      ? parseNodes(yes.rest.slice(1), ['end'])
      : { nodes: [], rest: yes.rest };
  const render = (nodes: readonly Template[], dot: unknown): string =>
    nodes.map((node) => node(dot)).join('');
  const node: Template = (dot) => {
    const value = subject(dot);
    if (isEmpty(value)) return render(no.nodes, dot);
    if (word === 'if') return render(yes.nodes, dot);
    return itemsOf(value)
      .map((item) => render(yes.nodes, item))
      .join('');
  };
  return { node, rest: no.rest.slice(1) };
}

type Expression = (dot: unknown) => unknown;

function parsePipeline(text: string): Expression {
  const stages = text.split('|').map((stage) => stage.trim());
  const [first = '', ...others] = stages;
  return others.reduce<Expression>((input, stage) => {
    const { name, args } = parseCall(stage);
    const apply = functions[name];
    if (apply === undefined) throw outside(`"${stage}"`);
    return (dot) => apply([...args.map((arg) => arg(dot)), input(dot)]);
  }, parseExpression(first));
}

function parseExpression(text: string): Expression {
  const { name, args } = parseCall(text);
  if (name === '' && args.length === 1) return args[0] ?? (() => undefined);
  const apply = functions[name];
  if (apply === undefined) throw outside(`"${text}"`);
  return (dot) => apply(args.map((arg) => arg(dot)));
}

function parseCall(text: string): { name: string; args: Expression[] } {
  const words = text.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
  const [first = ''] = words;
  const isCall = /^[a-z]+$/i.test(first);
  const args = (isCall ? words.slice(1) : words).map(parseOperand);
  return { name: isCall ? first : '', args };
}

function parseOperand(word: string): Expression {
  if (word.startsWith('"')) {
    const value = textIn(word);
    return () => value;
  }
  if (/^\d+$/.test(word)) return () => Number(word);
  if (word === '.') return (dot) => dot;
  if (!/^(\.[A-Za-z_][A-Za-z0-9_]*)+$/.test(word)) throw outside(`"${word}"`);
  const names = word.slice(1).split('.');
  return (dot) => names.reduce(memberOf, dot);
}

function textIn(word: string): unknown {
  try {
    return JSON.parse(word);
  } catch {
    throw outside(`the text ${word}`);
  }
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!Object.hasOwn(value, name)) {
    throw new DomainError('invalid', `Template: no field ".${name}"${fieldsHint(value)}`);
  }
  return (value as Record<string, unknown>)[name];
}

function fieldsHint(value: object): string {
  const names = Object.keys(value)
    .slice(0, 20)
    .map((name) => `.${name}`);
  return names.length === 0 ? '' : `; there are ${names.join(' ')}`;
}

const functions: Record<string, (args: readonly unknown[]) => unknown> = {
  json: ([value]) => JSON.stringify(value),
  upper: ([value]) => show(value).toUpperCase(),
  lower: ([value]) => show(value).toLowerCase(),
  len: ([value]) => (typeof value === 'string' ? value.length : itemsOf(value).length),
  println: (args) => `${args.map(show).join(' ')}\n`,
  join: ([list, separator]) => itemsOf(list).map(show).join(show(separator)),
  index: ([value, ...keys]) =>
    keys.reduce<unknown>(
      (inner, key) => (inner as Record<string, unknown> | undefined)?.[String(key)],
      value,
    ),
};

function itemsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0) return true;
  return value === false || (typeof value === 'object' && Object.keys(value).length === 0);
}

/** As Go prints values: lists in brackets, maps as `map[k:v]`. */
function show(value: unknown): string {
  if (value === undefined || value === null) return '<no value>';
  if (Array.isArray(value)) return `[${value.map(show).join(' ')}]`;
  if (typeof value === 'string') return value;
  if (typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, item]) => `${key}:${show(item)}`);
  return `map[${entries.join(' ')}]`;
}

function outside(what: string): DomainError {
  return new DomainError('invalid', `Template: ${what} is outside the supported subset`);
}
