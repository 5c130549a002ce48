import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { isIP } from 'node:net';
import { basename, join } from 'node:path';
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
    const lock = openLock(path);
    try {
      await takeLock(lock, signal);
    } catch (error) {
      closeSync(lock);
      throw error;
    }
    return new LeaseFolder(path, lock);
  }

  /**
   * False when somebody has it. Whoever makes a lease holds the lock, so an empty one is what a
   * process left that was killed between making it and writing: nobody's.
   */
  reserve(address: string, owner: Owner): boolean {
    const path = join(this.path, address);
    const fd = openNew(path) ?? (isEmpty(path) ? openAnew(path) : undefined);
    if (fd === undefined) return false;
    try {
      writeSync(fd, textOf(owner));
      return true;
    } catch (error) {
      // On a full disk the file could be made, and has no room for its text.
      unlinkSync(path);
      throw error;
    } finally {
      closeSync(fd);
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

  /** Frees an address; with a folder its file is kept there. Succeeds when it is free already. */
  release(address: string, folder?: string): void {
    const path = join(this.path, address);
    try {
      if (folder === undefined) unlinkSync(path);
      else moveInto(path, folder);
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
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

  /**
   * In place: ext4 writes a file out at once that takes another's name, or was cut to nothing, and
   * the caller would wait for the disk. Half a text, after a power loss, is no address and as none.
   */
  setLast(set: number, address: string): void {
    const flags = constants.O_WRONLY | constants.O_CREAT;
    const fd = openSync(join(this.path, `last_reserved_ip.${set}`), flags, 0o600);
    try {
      const { size } = fstatSync(fd);
      const written = writeSync(fd, address, 0);
      if (size > written) ftruncateSync(fd, written);
    } finally {
      closeSync(fd);
    }
  }

  /** Nanoseconds. Changes with every file that comes or goes, whoever makes it. */
  stamp(): bigint {
    return statSync(this.path, { bigint: true }).mtimeNs;
  }

  [Symbol.dispose](): void {
    closeSync(this.#lock);
  }
}

function openLock(path: string): number {
  for (let attempt = 1; ; attempt++) {
    try {
      return openSync(join(path, 'lock'), 'a+', 0o600);
    } catch (error) {
      // To see that nothing is there to be released takes no writing.
      if (hasCode(error, 'EROFS')) return openSync(join(path, 'lock'), 'r');
      if (!hasCode(error, 'ENOENT') || attempt > 1) throw error;
      mkdirSync(path, { recursive: true, mode: 0o755 });
    }
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

function openNew(path: string): number | undefined {
  try {
    return openSync(path, 'wx', 0o600);
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return undefined;
    throw error;
  }
}

function openAnew(path: string): number | undefined {
  unlinkSync(path);
  return openNew(path);
}

function isEmpty(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.size === 0;
}

/** One change of the file system in place of two. Freeing must not fail on a full disk. */
function moveInto(path: string, folder: string): void {
  try {
    renameSync(path, join(folder, basename(path)));
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOSPC', 'EDQUOT')) throw error;
    unlinkSync(path);
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
