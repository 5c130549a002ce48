import { DomainError } from '../base/error.ts';

export interface ParsedUser {
  readonly user: string | number;
  readonly group: string | number | undefined;
}

/**
 * `USER[:GROUP]` of an image or a command line. Each part is a number of 32 bits or a name; no
 * user is 0. Throws DomainError `invalid` for anything else.
 */
export function parseUser(text: string): ParsedUser {
  const [user = '', group, ...more] = text.split(':');
  if (more.length > 0) throw new DomainError('invalid', `User "${text}" has more than one ":"`);
  return {
    user: user === '' ? 0 : parsePart(user, text),
    group: group === undefined ? undefined : parsePart(group, text),
  };
}

function parsePart(part: string, text: string): string | number {
  if (/^[+-]?[0-9]/.test(part) && !/[a-z_]/i.test(part)) {
    const number = Number(part);
    // 4294967295 is -1 to the kernel: "leave it as it is", that is, root.
    if (/^[0-9]{1,10}$/.test(part) && number < 0xffffffff) return number;
    throw new DomainError('invalid', `User "${text}": ${part} is out of range`);
  }
  if (/^[a-z0-9_.][a-z0-9_.@-]{0,254}\$?$/i.test(part)) return part;
  throw new DomainError('invalid', `User "${text}" is malformed`);
}
