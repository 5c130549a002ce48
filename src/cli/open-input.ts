import { createReadStream } from 'node:fs';
import { DomainError, hasCode } from '../base/error.ts';

/** A file's bytes, or those of stdin for `-` and no path. */
export async function* openInput(path: string | undefined): AsyncGenerator<Buffer> {
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
