import { readFileSync, realpathSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DomainError, hasCode } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import type { Mount, Process, Spec } from '../container/spec.ts';

/**
 * A bundle's `config.json`, its relative paths made absolute. Throws DomainError `invalid` for what
 * has not the shape of the specification.
 */
export function readSpec(bundle: string): Spec {
  const path = join(bundle, 'config.json');
  const spec = parseDocument(path) as Partial<Spec>;
  checkShape(path, spec, [
    ['ociVersion', 'string'],
    ['root', 'object'],
    ['process', 'object'],
  ]);
  checkProcessShape(path, spec.process);
  const mounts = (spec.mounts ?? []).map((mount) => absoluteSource(mount, bundle));
  const rootPath = spec.root?.path ?? '';
  if (rootPath === '') throw new DomainError('invalid', `${path}: root.path is missing`);
  const root = { ...spec.root, path: rootfsOf(bundle, rootPath) };
  return { ...(spec as Spec), mounts, root };
}

/** A process document, as `exec --process` has it. */
export function readProcess(path: string): Process {
  const process = parseDocument(path) as Process;
  checkProcessShape(path, process);
  return process;
}

/** Go writes null for a list that has nothing; to this program that is as if it were not there. */
export function parseDocument(path: string): object {
  const document = parseText(path, readBounded(path));
  if (typeof document === 'object' && document !== null) return document;
  throw new DomainError('invalid', `${path} is no JSON object`);
}

export function parseText(path: string, text: string): unknown {
  try {
    return JSON.parse(text, (_key, value: unknown) => value ?? undefined);
  } catch (cause) {
    throw new DomainError('invalid', `${path} is not JSON`, { cause });
  }
}

function readBounded(path: string): string {
  try {
    const { size } = statSync(path);
    if (size > limits.ociConfigBytes) throw new DomainError('invalid', `${path} is too long`);
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT')) throw cause;
    throw new DomainError('notFound', `JSON specification file ${path} not found`, { cause });
  }
}

type Shape = readonly (readonly [key: string, type: string])[];

function checkShape(path: string, object: object, shape: Shape): void {
  for (const [key, type] of shape) {
    const value = (object as Record<string, unknown>)[key];
    if (typeof value === type) continue;
    throw new DomainError(
      'invalid',
      `${path}: ${key} is ${value === undefined ? 'missing' : `no ${type}`}`,
    );
  }
}

function checkProcessShape(path: string, process: Process | undefined): void {
  checkShape(path, process ?? {}, [
    ['args', 'object'],
    ['cwd', 'string'],
  ]);
  const words = [...(process?.args ?? []), ...(process?.env ?? [])];
  if (words.every((word) => typeof word === 'string')) return;
  throw new DomainError('invalid', `${path}: process.args and env are lists of strings`);
}

function rootfsOf(bundle: string, path: string): string {
  const rootfs = resolve(bundle, path);
  try {
    return realpathSync(rootfs);
  } catch (cause) {
    throw new DomainError('notFound', `rootfs (${rootfs}) does not exist`, { cause });
  }
}

function absoluteSource(mount: Mount, bundle: string): Mount {
  const { options = [], source } = mount;
  const bind = mount.type === 'bind' || options.includes('bind') || options.includes('rbind');
  return bind && source !== undefined ? { ...mount, source: resolve(bundle, source) } : mount;
}
