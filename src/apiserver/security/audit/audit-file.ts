import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { hasCode, messageOf } from '../../../base/error.ts';
import { limits } from '../../../base/limits.ts';
import type { Logger } from '../../../base/log.ts';

export interface AuditFileOptions {
  readonly path: string;
  /** When it is longer, it becomes `PATH.1`, that `PATH.2`, and so on. */
  readonly bytes: number;
  readonly log: Pick<Logger, 'error'>;
}

/** Lines in a file that is turned over; what waits for the disk is written at once. */
export class AuditFile implements AsyncDisposable {
  readonly #options: AuditFileOptions;
  #file: FileHandle;
  #size: number;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #lost = 0;
  #writing: Promise<void> | undefined;

  private constructor(options: AuditFileOptions, file: FileHandle, size: number) {
    this.#options = options;
    this.#file = file;
    this.#size = size;
  }

  static async open(options: AuditFileOptions): Promise<AuditFile> {
    const file = await open(options.path, 'a', 0o600);
    return new AuditFile(options, file, (await file.stat()).size);
  }

  /** Never throws: a full disk must not stop the cluster, but is told in the log. */
  write(line: string): void {
    if (this.#waitingBytes > limits.auditWaitingBytes) {
      this.#lost += 1;
      return;
    }
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    this.#writing ??= this.#writeAll();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const text = this.#waiting.join('');
      this.#waiting = [];
      this.#waitingBytes = 0;
      await this.#writeText(text);
      if (this.#lost > 0) {
        this.#options.log.error(`${this.#lost} audit events were lost: the disk is too slow`);
        this.#lost = 0;
      }
    }
    this.#writing = undefined;
  }

  async #writeText(text: string): Promise<void> {
    try {
      if (this.#size > this.#options.bytes) await this.#turnOver();
      await this.#file.appendFile(text);
      this.#size += Buffer.byteLength(text);
    } catch (error) {
      this.#options.log.error(`audit events were lost: ${messageOf(error)}`);
    }
  }

  async #turnOver(): Promise<void> {
    const { path } = this.#options;
    await rm(`${path}.${limits.auditFiles}`, { force: true });
    for (let number = limits.auditFiles - 1; number >= 1; number -= 1) {
      await moveIfThere(`${path}.${number}`, `${path}.${number + 1}`);
    }
    await moveIfThere(path, `${path}.1`);
    const before = this.#file;
    this.#file = await open(path, 'a', 0o600);
    this.#size = 0;
    await before.close();
  }
}

async function moveIfThere(from: string, to: string): Promise<void> {
  try {
    await stat(from);
    await rename(from, to);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}
