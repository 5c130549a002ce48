import { addon } from './addon.ts';

/**
 * The names in an open folder, sorted by their bytes, without `.` and `..`: text where a name is
 * UTF-8, else its bytes. The descriptor must not be O_PATH (EBADF).
 */
export function listFolder(fd: number): (string | Buffer)[] {
  return listNames(fd).map((name) => {
    const bytes = Buffer.from(name, 'latin1');
    const text = bytes.toString('utf8');
    return bytes.equals(Buffer.from(text)) ? text : bytes;
  });
}

/** The same with one character (0 to 255) for each byte, for those who compare and join names. */
export function listNames(fd: number): string[] {
  const names = addon.listFolder(fd).toString('latin1').split('\0');
  names.pop();
  return names.toSorted();
}
