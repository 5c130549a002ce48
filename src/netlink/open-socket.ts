import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { isKernelError } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import { addon } from '../kernel/addon.ts';

/** linux/netlink.h: the protocols that netlink sockets speak here. */
export const protocol = { route: 0, netfilter: 12, generic: 16 } as const;

/** asm-generic/socket.h and linux/netlink.h. */
const level = { socket: 1, netlink: 270 } as const;
const socketOption = { send: 7, receive: 8, sendForce: 32, receiveForce: 33 } as const;
const netlinkOption = {
  addMembership: 1,
  cappedAcknowledgement: 10,
  extendedAcknowledgement: 11,
  strictCheck: 12,
} as const;

/** Which network namespace: a path such as `/run/netns/blue`, or an open descriptor of one. */
export type NamespaceReference = string | number;

/**
 * A socket with extended and capped acknowledgements and strict checking, in a namespace.
 * The caller closes it. Throws KernelError: EINVAL when the path is not a network namespace.
 */
export async function openSocket(
  protocolNumber: number,
  namespace: NamespaceReference | undefined,
): Promise<number> {
  const fd = await openIn(protocolNumber, namespace);
  setIfKnown(fd, netlinkOption.extendedAcknowledgement);
  setIfKnown(fd, netlinkOption.cappedAcknowledgement);
  setIfKnown(fd, netlinkOption.strictCheck);
  setReceiveBuffer(fd, limits.netlinkReceiveBytes);
  return fd;
}

async function openIn(
  protocolNumber: number,
  namespace: NamespaceReference | undefined,
): Promise<number> {
  if (typeof namespace === 'number') return addon.netlinkOpen(protocolNumber, namespace);
  if (namespace === undefined) return addon.netlinkOpen(protocolNumber, -1);
  return withNamespace(namespace, (fd) => addon.netlinkOpen(protocolNumber, fd));
}

/** Runs `use` with a descriptor of the namespace; one opened for it is closed after. */
export async function withNamespace<T>(
  namespace: NamespaceReference,
  use: (fd: number) => Promise<T>,
): Promise<T> {
  if (typeof namespace === 'number') return use(namespace);
  // Without O_NONBLOCK a FIFO at the path would hold a thread of the pool for ever.
  await using file = await open(namespace, constants.O_RDONLY | constants.O_NONBLOCK);
  // Awaited here: the file is closed on return.
  return await use(file.fd);
}

/** Options younger than the oldest kernel we run on; without them errors have less text. */
function setIfKnown(fd: number, option: number): void {
  try {
    addon.netlinkOption(fd, level.netlink, option, 1);
  } catch (error) {
    if (!isKernelError(error, 'ENOPROTOOPT')) throw error;
  }
}

/** Beyond net.core.rmem_max where CAP_NET_ADMIN allows it, otherwise up to it. */
export function setReceiveBuffer(fd: number, bytes: number): void {
  setForced(fd, [socketOption.receiveForce, socketOption.receive], bytes);
}

/** sendmsg refuses (EMSGSIZE) what is longer than the send buffer. */
export function setSendBuffer(fd: number, bytes: number): void {
  setForced(fd, [socketOption.sendForce, socketOption.send], bytes);
}

function setForced(fd: number, [forced, plain]: [number, number], bytes: number): void {
  try {
    addon.netlinkOption(fd, level.socket, forced, bytes);
  } catch (error) {
    if (!isKernelError(error, 'EPERM')) throw error;
    addon.netlinkOption(fd, level.socket, plain, bytes);
  }
}

export function joinGroup(fd: number, group: number): void {
  addon.netlinkOption(fd, level.netlink, netlinkOption.addMembership, group);
}
