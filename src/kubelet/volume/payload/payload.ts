import { DomainError } from '../../../base/error.ts';
import { limits } from '../../../base/limits.ts';
import { cleanFilePath } from './file-path.ts';

/** A file of a volume that is made from the API. */
export interface FilePayload {
  readonly bytes: Uint8Array;
  /** Permissions alone. */
  readonly mode: number;
  readonly uid?: number;
}

/** The files of a volume by their path in it, `config/app.yaml`. */
export type Payload = ReadonlyMap<string, FilePayload>;

/**
 * Puts files together; of two with one path the later stays. Throws `invalid` for a path that
 * leads out of the volume, for a file that is another's folder, and for more than a volume holds.
 */
export function makePayload(files: Iterable<readonly [string, FilePayload]>): Payload {
  const payload = new Map<string, FilePayload>();
  let bytes = 0;
  for (const [path, file] of files) {
    payload.set(cleanFilePath(path), file);
    bytes += file.bytes.length;
    if (payload.size > limits.volumeFiles || bytes > limits.volumeFileBytes) {
      throw new DomainError(
        'invalid',
        `more than ${limits.volumeFiles} files or ${limits.volumeFileBytes} bytes in one volume`,
      );
    }
  }
  for (const path of payload.keys()) {
    const parts = path.split('/');
    for (let length = 1; length < parts.length; length += 1) {
      const folder = parts.slice(0, length).join('/');
      if (!payload.has(folder)) continue;
      throw new DomainError('invalid', `invalid path: "${folder}" is a file and a folder`);
    }
  }
  return payload;
}
