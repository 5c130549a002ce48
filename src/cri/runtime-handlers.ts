import { isAbsolute } from 'node:path';
import { DomainError } from '../base/error.ts';
import { own } from '../base/own.ts';
import type { RuntimeBinary } from '../container/container-engine.ts';
import type { RuntimeFeatures } from '../container/runtime-features.ts';

/** What a pod may ask for by its RuntimeClass, beside the built-in one. */
export interface RuntimeHandler {
  readonly binary: RuntimeBinary;
  readonly features: RuntimeFeatures;
}

export type RuntimeHandlers = Readonly<Record<string, RuntimeHandler>>;

/** The built-in handler, by its own name and by none. */
export const builtInHandlers = ['', 'keelson'] as const;

function isBuiltIn(name: string): boolean {
  return builtInHandlers.some((each) => each === name);
}

/**
 * The handler of a pod; undefined is the built-in one. DomainError `notFound` for a name that the
 * configuration has not: the kubelet shows the words at the pod.
 */
export function handlerNamed(handlers: RuntimeHandlers, name: string): RuntimeHandler | undefined {
  if (isBuiltIn(name)) return undefined;
  const handler = own(handlers, name);
  if (handler !== undefined) return handler;
  const known = ['keelson', ...Object.keys(handlers)].map((each) => `"${each}"`);
  const hint = known.length === 1 ? `there is ${known.join()}` : `there are ${known.join(', ')}`;
  throw new DomainError('notFound', `No runtime handler "${name}" is configured; ${hint}`);
}

const keys = ['path', 'root', 'options'];

/**
 * The section `runtimes` of the configuration: `NAME: {path, root, options}`. Names are those of
 * RuntimeClasses' handlers. Throws DomainError `invalid`, naming the key.
 */
export function parseRuntimes(section: unknown): Readonly<Record<string, RuntimeBinary>> {
  if (section === undefined || section === null) return {};
  if (!isMapping(section)) refuse('runtimes', 'a mapping of handlers');
  const entries = Object.entries(section).map(([name, value]): [string, RuntimeBinary] => {
    // As the API has it: a DNS label.
    if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name) || isBuiltIn(name)) {
      refuse('runtimes', `without "${name}"`);
    }
    return [name, parseRuntime(`runtimes.${name}`, value)];
  });
  return Object.fromEntries(entries);
}

function parseRuntime(key: string, value: unknown): RuntimeBinary {
  if (!isMapping(value)) refuse(key, 'a mapping with path');
  const unknown = Object.keys(value).find((each) => !keys.includes(each));
  if (unknown !== undefined) refuse(`${key}.${unknown}`, `one of ${keys.join(', ')}`);
  const { path, root, options = [] } = value;
  if (typeof path !== 'string' || !isAbsolute(path)) refuse(`${key}.path`, 'an absolute path');
  if (root !== undefined && (typeof root !== 'string' || !isAbsolute(root))) {
    refuse(`${key}.root`, 'an absolute path');
  }
  if (!Array.isArray(options) || !options.every((word) => typeof word === 'string')) {
    refuse(`${key}.options`, 'a list of words');
  }
  const [, name = ''] = key.split('.');
  return { path, root: root ?? `/run/keelson/runtimes/${name}`, options };
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuse(key: string, expected: string): never {
  throw new DomainError('invalid', `"${key}" in the configuration is not ${expected}`);
}
