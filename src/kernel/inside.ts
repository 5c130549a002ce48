import { readFileSync } from 'node:fs';
import { DomainError } from '../base/error.ts';
import { addon } from './addon.ts';
import { Descriptor } from './descriptor.ts';
import type { Path } from './addon/file-addon.ts';
import type { Namespace } from './namespace.ts';
import { OpenFlag, ResolveFlag, type OpenHow } from './open.ts';
import { encodeSocketAddress, type SocketAddress } from './socket-address.ts';
import { fstat, isRegular } from './stat.ts';

export const SocketType = { stream: 1, datagram: 2, raw: 3, sequencedPacket: 5 } as const;

export interface SocketOptions {
  /** An AddressFamily. */
  readonly family: number;
  /** A SocketType. */
  readonly type: number;
  readonly protocol?: number;
  /** Bound to this address, with SO_REUSEADDR. */
  readonly local?: SocketAddress;
  /** Connected to this address within `timeoutMs` (10 seconds), else KernelError ETIMEDOUT. */
  readonly remote?: SocketAddress;
  readonly timeoutMs?: number;
  /** Listens, with at most this many connections waiting. */
  readonly backlog?: number;
}

/**
 * Opens a socket inside a network namespace; it stays there wherever it is used. A throwaway thread
 * joins the namespace, opens the socket and ends. The caller closes it.
 * For `new net.Socket({ fd })` or `server.listen({ fd })` give Node the released number.
 */
export async function socketIn(network: Namespace, options: SocketOptions): Promise<Descriptor> {
  const { family, type, protocol = 0, local, remote, backlog = -1, timeoutMs = 10_000 } = options;
  return new Descriptor(
    await addon.socketInside(
      network.fd,
      family,
      type,
      protocol,
      encoded(local),
      encoded(remote),
      backlog,
      timeoutMs,
    ),
  );
}

function encoded(address?: SocketAddress): Buffer {
  return address === undefined ? Buffer.alloc(0) : encodeSocketAddress(address);
}

/**
 * Opens a file as it is seen inside a mount namespace, from that namespace's root. Links of /proc
 * are refused. The caller closes it.
 */
export async function openIn(
  mounts: Namespace,
  path: Path,
  how: OpenHow = {},
): Promise<Descriptor> {
  const { flags = 0, mode = 0, resolve = 0 } = how;
  const safe = resolve | ResolveFlag.noMagicLinks;
  return new Descriptor(await addon.openInside(mounts.fd, path, flags, mode, safe));
}

/**
 * A regular file's bytes as seen inside a mount namespace. DomainError `invalid` when it is
 * anything else (a fifo would block for ever) or longer than `maximumBytes`.
 */
export async function readFileIn(
  mounts: Namespace,
  path: string,
  maximumBytes = 1024 * 1024,
): Promise<Buffer> {
  using file = await openIn(mounts, path, { flags: OpenFlag.nonBlocking });
  const status = fstat(file.fd);
  if (!isRegular(status)) throw new DomainError('invalid', `"${path}" is no regular file`);
  if (status.sizeBytes > maximumBytes) {
    throw new DomainError('invalid', `File "${path}" is ${status.sizeBytes} bytes long`);
  }
  return readFileSync(file.fd);
}
