import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { DomainError, hasCode } from './error.ts';
import { isObject } from './is-object.ts';
import { nearest } from './nearest.ts';

/** One setting of a process: also its variable, `KEELSON_CGROUP_PARENT` for `cgroup.parent`. */
export interface Setting<Field extends string = string> {
  /** Where it stands in the file: `cgroup.parent`. */
  readonly key: string;
  readonly field: Field;
  readonly fallback: string;
  readonly allowed: RegExp;
  readonly expected: string;
}

export const pathSetting = { allowed: /^\/[^\0]*$/, expected: 'an absolute path' } as const;

export const logLevelSetting = {
  key: 'log.level',
  field: 'logLevel',
  fallback: 'info',
  allowed: /^(trace|debug|info|warn|error|silent)$/,
  expected: 'trace, debug, info, warn, error or silent',
} as const;

/** Where settings come from besides the file, later ones first. */
export interface SettingSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** By field. */
  readonly flags: Readonly<Partial<Record<string, string>>>;
}

/**
 * The value of each setting: its flag's, its variable's, the file's or its own. Throws DomainError
 * `invalid`, naming the source, for a value that does not fit.
 */
export function resolveSettings<Field extends string>(
  settings: readonly Setting<Field>[],
  file: ReadonlyMap<string, unknown>,
  { environment, flags }: SettingSources,
): Record<Field, string> {
  const values: Partial<Record<Field, string>> = {};
  for (const setting of settings) {
    const variable = `KEELSON_${setting.key.replaceAll('.', '_').toUpperCase()}`;
    const sources = [
      { name: `--${setting.key}`, value: flags[setting.field] },
      { name: variable, value: environment[variable] },
      { name: `"${setting.key}" in the configuration`, value: file.get(setting.key) },
    ];
    const source = sources.find(({ value }) => value !== undefined);
    values[setting.field] = source === undefined ? setting.fallback : checked(setting, source);
  }
  return values as Record<Field, string>;
}

function checked(
  { allowed, expected }: Setting,
  source: { readonly name: string; readonly value: unknown },
): string {
  const text = typeof source.value === 'number' ? String(source.value) : source.value;
  if (typeof text === 'string' && allowed.test(text)) return text;
  throw new DomainError(
    'invalid',
    `${source.name} is ${JSON.stringify(source.value)}, not ${expected}`,
  );
}

/**
 * A configuration file's values by dotted keys. Every key must be one of `keys`, or in one of the
 * sections that somebody else checks, which are kept whole. Throws DomainError `invalid`.
 */
export function parseSettings(
  text: string,
  keys: readonly string[],
  sections: readonly string[],
): Map<string, unknown> {
  const values = new Map<string, unknown>();
  const put = (key: string, value: unknown) => {
    if (!keys.includes(key)) throw unknownKey(key, [...keys, ...sections]);
    values.set(key, value);
  };
  for (const [name, value] of Object.entries(parseDocument(text))) {
    const isOwn = keys.some((key) => key === name || key.startsWith(`${name}.`));
    if (!isOwn && sections.includes(name)) values.set(name, value);
    else if (isObject(value)) {
      for (const [inner, item] of Object.entries(value)) put(`${name}.${inner}`, item);
    } else put(name, value);
  }
  return values;
}

function unknownKey(key: string, known: readonly string[]): DomainError {
  const guess = nearest(key, known);
  const hint = guess === undefined ? '' : `; did you mean "${guess}"?`;
  return new DomainError('invalid', `Unknown key "${key}" in the configuration${hint}`);
}

function parseDocument(text: string): object {
  try {
    const document: unknown = parse(text) ?? {};
    if (isObject(document)) return document;
  } catch (cause) {
    throw new DomainError('invalid', 'The configuration is not YAML', { cause });
  }
  throw new DomainError('invalid', 'The configuration is not a YAML mapping');
}

/** The file's text; empty where it does not exist, unless it was asked for by name. */
export async function readConfig(path: string, required: boolean): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT') && !required) return '';
    throw new DomainError('invalid', `Cannot read the configuration "${path}"`, { cause: error });
  }
}
