import { constants } from 'node:os';

const names = new Map(Object.entries(constants.errno).map(([name, number]) => [number, name]));

/** `EPERM` for 1; `EUNKNOWN` for a number without a name here. */
export function errorCode(errno: number): string {
  // Where two names share a number, the one that Linux documents first is meant.
  if (errno === constants.errno.EAGAIN) return 'EAGAIN';
  return names.get(errno) ?? 'EUNKNOWN';
}
