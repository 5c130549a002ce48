import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError, hasCode } from '../base/error.ts';
import { namesIn } from '../base/names-in.ts';
import { limits } from '../base/limits.ts';
import { writeVolatileState } from '../base/state-file.ts';
import type { Spec } from '../container/spec.ts';

/** What is kept of a container: file `state.json` of its folder; `config.json` is its spec. */
export interface OciRecord {
  readonly ociVersion: string;
  readonly id: string;
  readonly bundle: string;
  readonly rootfs: string;
  /** RFC 3339. */
  readonly created: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Below the cgroup hierarchy. */
  readonly cgroupPath: string;
  /** The scope that systemd made for it; '' for none. */
  readonly unit: string;
  /** Its first process, and when that began, in clock ticks since boot; 0 while it is made. */
  readonly pid: number;
  readonly startTime: number;
  /** The client that makes it: when that is gone and there is no pid, nobody goes on with it. */
  readonly maker: number;
  readonly makerStartTime: number;
  readonly notEnforced: readonly string[];
  /** Execs keep their caller's session keyring, as the container does. */
  readonly noNewKeyring?: boolean;
}

/** A name that is one folder and nothing else; as runc has it. */
const identifier = /^[\w+.-]{1,1024}$/;

/** The folders `ROOT/ID`: all there is of containers, so that nothing has to run for them. */
export class OciRecords {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  folderOf(id: string): string {
    if (!identifier.test(id) || id === '.' || id === '..') {
      throw new DomainError('invalid', 'invalid container ID format');
    }
    return join(this.#root, id);
  }

  /** DomainError `exists` when there is such a folder. */
  add(record: OciRecord, spec: Spec): void {
    mkdirSync(this.#root, { recursive: true, mode: 0o700 });
    const folder = this.folderOf(record.id);
    try {
      mkdirSync(folder, { mode: 0o700 });
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
      throw new DomainError('exists', 'container with given ID already exists');
    }
    // First: where its cgroup is must be known even to who finds it half made.
    this.write(record);
    this.writeSpec(record.id, spec);
  }

  write(record: OciRecord): void {
    writeVolatileState(join(this.folderOf(record.id), 'state.json'), record);
  }

  writeSpec(id: string, spec: Spec): void {
    writeVolatileState(join(this.folderOf(id), 'config.json'), spec);
  }

  /** DomainError `notFound`, or `invalid` where its file is damaged. */
  read(id: string): OciRecord {
    const path = join(this.folderOf(id), 'state.json');
    const record = readDocument(path) as Partial<OciRecord> | undefined;
    if (record === undefined) throw this.#missing(id);
    if (record.id === id && typeof record.cgroupPath === 'string') return record as OciRecord;
    throw new DomainError('invalid', `State file "${path}" is damaged`);
  }

  spec(id: string): Spec {
    const spec = readDocument(join(this.folderOf(id), 'config.json'));
    if (spec === undefined) throw this.#missing(id);
    return spec as Spec;
  }

  /** True for a folder, whatever is in it. */
  has(id: string): boolean {
    return statSync(this.folderOf(id), { throwIfNoEntry: false })?.isDirectory() === true;
  }

  list(): string[] {
    return namesIn(this.#root).filter((name) => identifier.test(name) && this.has(name));
  }

  remove(id: string): void {
    rmSync(this.folderOf(id), { recursive: true, force: true });
  }

  /** Callers of runc look for these words. */
  #missing(_id: string): DomainError {
    return new DomainError('notFound', 'container does not exist');
  }
}

function readDocument(path: string): unknown {
  try {
    if (statSync(path).size > limits.ociConfigBytes) {
      throw new DomainError('invalid', `File "${path}" is too long`);
    }
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    if (hasCode(cause, 'ENOENT', 'ENOTDIR')) return undefined;
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new DomainError('invalid', `State file "${path}" is damaged`, { cause });
  }
}
