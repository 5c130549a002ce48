import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../../base/error.ts';
import { addon } from '../addon.ts';
import { compileSeccomp, type SeccompFilter } from './compile-seccomp.ts';
import type { SeccompProfile } from './seccomp-profile.ts';

/** How many filters are kept in memory; a node has few different profiles. */
const maximumFilters = 64;

/** Part of the key: to be raised when compileSeccomp makes other programs from the same profile. */
const programVersion = 1;

/**
 * Compiled filters by the hash of their profile, in memory and, when a folder is given, on disk:
 * compiling takes longer than all the rest of a container's start.
 * Equal profiles asked for at once are compiled once.
 */
export class SeccompCache {
  readonly #folder: string | undefined;
  readonly #filters = new Map<string, Promise<SeccompFilter>>();

  /** The folder is made when missing, with mode 0700; whoever can write there makes the filters. */
  constructor(folder?: string) {
    this.#folder = folder;
  }

  async compile(profile: SeccompProfile): Promise<SeccompFilter> {
    const key = seccompKey(profile);
    const known = this.#filters.get(key);
    this.#filters.delete(key);
    const filter = known ?? this.#readOrCompile(key, profile);
    this.#filters.set(key, filter);
    const [oldest] = this.#filters.keys();
    if (this.#filters.size > maximumFilters && oldest !== undefined) this.#filters.delete(oldest);
    try {
      return await filter;
    } catch (error) {
      this.#filters.delete(key);
      throw error;
    }
  }

  async #readOrCompile(key: string, profile: SeccompProfile): Promise<SeccompFilter> {
    if (this.#folder === undefined) return compileSeccomp(profile);
    const path = join(this.#folder, `${key}.bpf`);
    const stored = await readFilter(path);
    if (stored !== undefined) return stored;
    const filter = await compileSeccomp(profile);
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await writeFilter(path, filter);
    return filter;
  }
}

/** What a compiled filter depends on: the profile, the compiler, the machine. */
export function seccompKey(profile: SeccompProfile): string {
  const text = JSON.stringify(
    [programVersion, addon.seccompVersion(), process.arch, profile],
    (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value),
  );
  return createHash('sha256').update(text).digest('hex');
}

// A stored filter: SHA-256 of what follows, flags as u32 little endian, the program.
const digestBytes = 32;

async function readFilter(path: string): Promise<SeccompFilter | undefined> {
  try {
    const bytes = await readFile(path);
    const body = bytes.subarray(digestBytes);
    // A half-written or damaged file is as good as none.
    if (body.length % 8 !== 4 || !digestOf(body).equals(bytes.subarray(0, digestBytes))) {
      return undefined;
    }
    return { flags: body.readUInt32LE(0), program: body.subarray(4) };
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function writeFilter(path: string, filter: SeccompFilter): Promise<void> {
  const flags = Buffer.alloc(4);
  flags.writeUInt32LE(filter.flags);
  const body = Buffer.concat([flags, filter.program]);
  const temporary = `${path}.${randomBytes(6).toString('hex')}.new`;
  try {
    await writeFile(temporary, Buffer.concat([digestOf(body), body]), { mode: 0o600, flag: 'wx' });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function digestOf(body: Buffer): Buffer {
  return createHash('sha256').update(body).digest();
}
