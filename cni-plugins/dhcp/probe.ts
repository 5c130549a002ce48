import { readSync, writeSync } from 'node:fs';
import { hasCode, isDomainError } from '../../src/base/error.ts';
import type { Descriptor } from '../../src/kernel/descriptor.ts';
import { socketIn } from '../../src/kernel/inside.ts';
import { readable } from '../../src/kernel/readiness.ts';
import { AddressFamily } from '../../src/kernel/socket-address.ts';
import { formatIp, formatMac, parseIp, parseMac } from '../../src/netlink/ip.ts';
import type { ContainerNamespace } from '../container-namespace.ts';
import { broadcastMac } from './frame.ts';

/** Whoever has an address answers in microseconds; RFC 5227 has seconds, for slow switches. */
const probes = 2;
const probeMs = 120;
const arp = 0x0806;
const rawNonBlocking = 3 | 0x800;
const frameBytes = 42;
const nowhere = '0.0.0.0';

/** The interface that asks. */
export interface Prober {
  readonly container: ContainerNamespace;
  readonly index: number;
  readonly mac: string;
}

/**
 * Whether another machine of the network has an address that was just given to this one
 * (RFC 2131 3.1, RFC 5227 2.1.1). `arping -D -I INTERFACE ADDRESS`.
 */
export async function isTaken(
  prober: Prober,
  address: string,
  signal: AbortSignal,
): Promise<boolean> {
  using socket = await socketIn(prober.container.namespace, {
    family: AddressFamily.packet,
    type: rawNonBlocking,
    local: { interface: prober.index, protocol: arp },
  });
  const question = encodeProbe(prober.mac, address);
  for (let probe = 0; probe < probes; probe++) {
    writeSync(socket.fd, question);
    if (await hears(socket, { address, mac: prober.mac, signal })) return true;
  }
  return false;
}

interface Listening {
  readonly address: string;
  readonly mac: string;
  readonly signal: AbortSignal;
}

async function hears(socket: Descriptor, listening: Listening): Promise<boolean> {
  const until = Date.now() + probeMs;
  const frame = Buffer.alloc(256);
  for (let leftMs = probeMs; leftMs > 0; leftMs = until - Date.now()) {
    try {
      await readable(socket.fd, { timeoutMs: leftMs, signal: listening.signal });
    } catch (error) {
      if (isDomainError(error, 'timeout')) return false;
      throw error;
    }
    const length = readNow(socket.fd, frame);
    if (length >= frameBytes && claims(frame, listening)) return true;
  }
  return false;
}

/**
 * { u8 to[6], from[6]; be16 type; be16 hardware, protocol; u8 lengths[2]; be16 operation;
 *   u8 senderMac[6], senderIp[4], targetMac[6], targetIp[4] }
 */
function encodeProbe(mac: string, address: string): Buffer {
  const head = Buffer.alloc(22);
  head.set(parseMac(broadcastMac), 0);
  head.set(parseMac(mac), 6);
  head.writeUInt16BE(arp, 12);
  head.set([0, 1, 0x08, 0, 6, 4, 0, 1], 14);
  const nobody = Buffer.alloc(6);
  return Buffer.concat([head, parseMac(mac), parseIp(nowhere), nobody, parseIp(address)]);
}

/** One who has it says so; one who is about to take it asks for it, as this one does. */
function claims(frame: Buffer, { address, mac }: Listening): boolean {
  const sender = formatIp(frame.subarray(28, 32));
  const target = formatIp(frame.subarray(38, 42));
  const other = formatMac(frame, 22, 28) !== mac;
  return other && (sender === address || (sender === nowhere && target === address));
}

function readNow(fd: number, buffer: Buffer): number {
  try {
    return readSync(fd, buffer);
  } catch (error) {
    if (hasCode(error, 'EAGAIN')) return 0;
    throw error;
  }
}
