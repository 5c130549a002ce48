import { DomainError } from '../../base/error.ts';
import { equal, isList, isObject, type Json } from '../json.ts';

/** `.status.conditions[?(@.type=="Ready")].status`, as columns of tables have it. */
export type JsonPath = readonly Step[];

type Step =
  | { readonly is: 'field'; readonly name: string }
  | { readonly is: 'index'; readonly index: number }
  | { readonly is: 'each' }
  | Filter;

interface Filter {
  readonly is: 'filter';
  readonly path: JsonPath;
  /** Undefined where it is enough that it is there. */
  readonly operator: '==' | '!=' | '>' | '<' | '>=' | '<=' | undefined;
  readonly value: Json;
}

const mostSteps = 64;
const mostFound = 1000;

/** Throws DomainError `invalid` for what is none, or more of a language than is known here. */
export function parseJsonPath(text: string): JsonPath {
  const bare = text.startsWith('$') ? text.slice(1) : text;
  return stepsOf(bare, text);
}

function stepsOf(path: string, whole: string): JsonPath {
  const steps: Step[] = [];
  let rest = path;
  while (rest !== '') {
    const found = readFilter(rest, whole) ?? readStep(rest);
    if (found === undefined || steps.length === mostSteps) {
      throw new DomainError(
        'invalid',
        `unrecognized or unsupported JSONPath ${JSON.stringify(whole)}`,
      );
    }
    steps.push(found.step);
    rest = rest.slice(found.length);
  }
  return steps;
}

interface Found {
  readonly step: Step;
  readonly length: number;
}

function readStep(text: string): Found | undefined {
  const [dotted, name] = /^\.((?:\\.|[^.[\]\\*?@$(){}|,'" ])+)/.exec(text) ?? [];
  if (dotted !== undefined && name !== undefined) {
    return { step: { is: 'field', name: name.replaceAll(/\\(.)/g, '$1') }, length: dotted.length };
  }
  const [index, number] = /^\[(-?\d{1,6})\]/.exec(text) ?? [];
  if (index !== undefined) {
    return { step: { is: 'index', index: Number(number) }, length: index.length };
  }
  const [each] = /^(?:\[\*\]|\.\*)/.exec(text) ?? [];
  if (each !== undefined) return { step: { is: 'each' }, length: each.length };
  const [quoted, single, double] = /^\[(?:'([^']*)'|"([^"]*)")\]/.exec(text) ?? [];
  if (quoted === undefined) return undefined;
  const field = (single ?? double ?? '').replaceAll(/\\(.)/g, '$1');
  return { step: { is: 'field', name: field }, length: quoted.length };
}

const name = /(?:\.(?:\\.|[^\s.[\]=!<>)'"])+|\[(?:'[^']*'|"[^"]*")\])+/.source;
const comparison = /(==|!=|>=|<=|>|<)\s*('[^']*'|"[^"]*"|[-\w.]+)\s*/.source;
const filter = new RegExp(`^\\[\\?\\(\\s*@(${name})\\s*(?:${comparison})?\\)\\]`);

function readFilter(text: string, whole: string): Found | undefined {
  const [all, path = '', operator, value = ''] = filter.exec(text) ?? [];
  if (all === undefined) return undefined;
  const step: Filter = {
    is: 'filter',
    path: stepsOf(path, whole),
    operator: operator as Filter['operator'],
    value: literal(value),
  };
  return { step, length: all.length };
}

function literal(text: string): Json {
  if (/^['"]/.test(text)) return text.slice(1, -1);
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

/** What a path leads to, in order. */
export function findByPath(path: JsonPath, value: Json): readonly Json[] {
  let found: readonly Json[] = [value];
  for (const step of path) {
    found = found.flatMap((owner) => below(step, owner)).slice(0, mostFound);
  }
  return found;
}

function below(step: Step, owner: Json): readonly Json[] {
  if (step.is === 'field') {
    const item = isObject(owner) && Object.hasOwn(owner, step.name) ? owner[step.name] : undefined;
    return item === undefined ? [] : [item];
  }
  if (step.is === 'index') {
    const item = isList(owner) ? owner.at(step.index) : undefined;
    return item === undefined ? [] : [item];
  }
  const entries = isList(owner) ? owner : isObject(owner) ? Object.values(owner) : [];
  const present = entries.filter((entry) => entry !== undefined);
  return step.is === 'each' ? present : present.filter((entry) => isChosen(step, entry));
}

function isChosen({ path, operator, value }: Filter, entry: Json): boolean {
  return findByPath(path, entry).some((found) => {
    if (operator === undefined) return true;
    if (operator === '==') return equal(found, value);
    if (operator === '!=') return !equal(found, value);
    if (typeof found !== typeof value || found === null || value === null) return false;
    if (operator === '>') return found > value;
    if (operator === '<') return found < value;
    return operator === '>=' ? found >= value : found <= value;
  });
}
