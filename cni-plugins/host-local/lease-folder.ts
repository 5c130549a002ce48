import { randomBytes } from 'node:crypto';
import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { hasCode, isKernelError } from '../../src/base/error.ts';
import { flock } from '../../src/kernel/file.ts';

/** Whose an address is. */
export interface Owner {
  readonly containerId: string;
  readonly interfaceName: string;
}

/**
 * The leases of one network, in the reference plugin's own format, so that either can take over
 * from the other: a file an address in `<folder>/<network>`, with `<container id>\r\n<interface>`.
 * All methods are called with the lock held, and are synchronous: each is a few calls on small
 * files.
 */
export class LeaseFolder implements Disposable {
  readonly path: string;
  readonly #lock: number;

  private constructor(path: string, lock: number) {
    this.path = path;
    this.#lock = lock;
  }

  /** Takes the network's lock, which the reference takes too. Rejects when the signal aborts. */
  static async open(dataFolder: string, network: string, signal: AbortSignal) {
    const path = join(dataFolder, network);
    mkdirSync(path, { recursive: true, mode: 0o755 });
    const lock = openSync(join(path, 'lock'), 'a+', 0o600);
    try {
      await takeLock(lock, signal);
    } catch (error) {
      closeSync(lock);
      throw error;
    }
    return new LeaseFolder(path, lock);
  }

  /**
   * False when somebody has it. The file gets its name with its text in it: killed in between, or
   * on a full disk, no address is left that nobody owns.
   */
  reserve(address: string, owner: Owner): boolean {
    const unnamed = join(this.path, `.new-${randomBytes(6).toString('hex')}`);
    try {
      writeFileSync(unnamed, textOf(owner), { flag: 'wx', mode: 0o600 });
      linkSync(unnamed, join(this.path, address));
      return true;
    } catch (error) {
      if (hasCode(error, 'EEXIST')) return false;
      throw error;
    } finally {
      rmSync(unnamed, { force: true });
    }
  }

  /** Undefined when it is free. An owner of an old file has no interface. */
  owner(address: string): Owner | undefined {
    try {
      return ownerOf(readFileSync(join(this.path, address), 'utf8'));
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  release(address: string): void {
    try {
      unlinkSync(join(this.path, address));
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
    }
  }

  /** Removes what killed processes left half-made. */
  sweep(): void {
    for (const name of readdirSync(this.path)) {
      if (name.startsWith('.new-')) this.release(name);
    }
  }

  addresses(): string[] {
    return readdirSync(this.path).filter((name) => isIP(name) !== 0);
  }

  /** The address given out last from a range set, by the set's index. */
  last(set: number): string | undefined {
    try {
      const text = readFileSync(join(this.path, `last_reserved_ip.${set}`), 'utf8').trim();
      return isIP(text) === 0 ? undefined : text;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  setLast(set: number, address: string): void {
    const path = join(this.path, `last_reserved_ip.${set}`);
    writeFileSync(`${path}.new`, address, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  /** Changes with every file that comes or goes, whoever makes it. */
  stamp(): string {
    return String(statSync(this.path, { bigint: true }).mtimeNs);
  }

  [Symbol.dispose](): void {
    closeSync(this.#lock);
  }
}

/** The thread must not stand still in flock: other networks' calls run on it. */
async function takeLock(fd: number, signal: AbortSignal): Promise<void> {
  for (let waitMs = 1; ; waitMs = Math.min(waitMs * 2, 50)) {
    try {
      flock(fd, 'exclusive');
      return;
    } catch (error) {
      if (!isKernelError(error, 'EAGAIN', 'EWOULDBLOCK')) throw error;
    }
    await delay(waitMs, undefined, { signal });
  }
}

function textOf({ containerId, interfaceName }: Owner): string {
  return `${containerId}\r\n${interfaceName}`;
}

/** The oldest files have the container's id alone. */
function ownerOf(text: string): Owner {
  const [containerId = '', interfaceName = ''] = text.trim().split(/\r?\n/);
  return { containerId, interfaceName };
}
