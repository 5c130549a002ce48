import { constants, createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { DomainError, hasCode } from '../base/error.ts';

/**
 * A file's bytes, or those of stdin for `-` and no path. Who asks for them with `await` knows that
 * the file is there before anything is begun with it.
 */
export async function openInput(path: string | undefined): Promise<AsyncIterable<Buffer>> {
  if (path !== undefined && path !== '-') {
    try {
      await access(path, constants.R_OK);
    } catch (error) {
      throw new DomainError('invalid', `Cannot read "${path}"`, { cause: error });
    }
  }
  return bytesOf(path);
}

export async function* bytesOf(path: string | undefined): AsyncGenerator<Buffer> {
  if (path === undefined || path === '-') {
    if (process.stdin.isTTY) throw new DomainError('invalid', 'No archive: give a file or a pipe');
    yield* process.stdin as AsyncIterable<Buffer>;
    return;
  }
  try {
    yield* createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>;
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'EACCES', 'EISDIR')) throw error;
    throw new DomainError('invalid', `Cannot read "${path}"`, { cause: error });
  }
}
