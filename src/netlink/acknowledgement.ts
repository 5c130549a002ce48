import { constants } from 'node:os';
import { KernelError } from '../base/error.ts';
import { eachAttribute } from './attribute.ts';
import { text, u32 } from './codec.ts';
import { flag, hostIsLittle, requirePayload, type Message } from './message.ts';
import type { Request } from './request.ts';

/** linux/netlink.h: NLMSGERR_ATTR_*. */
const extension = { message: 1, offset: 2, missingType: 5, missingNest: 6 } as const;

/**
 * What an NLMSG_ERROR or NLMSG_DONE says about a request: nothing when it succeeded, otherwise the
 * error with the kernel's own text.
 *
 * struct nlmsgerr { int error; struct nlmsghdr msg; } + extensions   (NLMSG_ERROR, capped)
 * int error + extensions                                            (NLMSG_DONE)
 */
export function failureIn(message: Message, request: Request): KernelError | undefined {
  if (message.end - message.start < 4) return undefined;
  const errno = -message.source.view.getInt32(message.start, hostIsLittle);
  if (errno <= 0) return undefined;
  const words = wordsIn(message, message.start + extensionsOffset(message));
  return new KernelError({
    call: request.call,
    errno,
    code: errnoName(errno),
    ...(request.object === undefined ? {} : { path: request.object }),
    ...(words === undefined ? {} : { text: words }),
  });
}

function extensionsOffset(message: Message): number {
  if (message.type !== 2) return 4;
  requirePayload(message, 20);
  if (message.flags & flag.capped) return 20;
  const echoed = message.source.view.getUint32(message.start + 4, hostIsLittle);
  return 4 + ((Math.min(echoed, message.end - message.start - 4) + 3) & ~3);
}

/** The text, and which attribute is wrong when the kernel names one by its number. */
function wordsIn(message: Message, start: number): string | undefined {
  if (!(message.flags & flag.extendedAcknowledgement) || start > message.end) return undefined;
  let said: string | undefined;
  let missing: number | undefined;
  eachAttribute(message.source, { start, end: message.end }, (type, from, to) => {
    if (type === extension.message) said = text.read(message.source, from, to);
    if (type === extension.missingType) missing = u32.read(message.source, from, to);
  });
  if (missing === undefined) return said;
  return `${said ?? 'incomplete'}: attribute ${missing} is missing`;
}

/** Errors of the kernel that never leave it otherwise, and the preferred one of equal numbers. */
const names = new Map<number, string>([
  ...Object.entries(constants.errno).map(([name, value]): [number, string] => [value, name]),
  [11, 'EAGAIN'],
  [95, 'EOPNOTSUPP'],
  [85, 'ERESTART'],
  [524, 'ENOTSUPP'],
]);

function errnoName(errno: number): string {
  return names.get(errno) ?? `E${errno}`;
}
