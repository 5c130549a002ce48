import { formatIp, formatMac, parseIp, parseMac } from '../../src/netlink/ip.ts';

export interface Datagram {
  readonly sourceMac: string;
  readonly destinationMac: string;
  readonly source: string;
  readonly destination: string;
  readonly payload: Buffer;
}

export const broadcastMac = 'ff:ff:ff:ff:ff:ff';
const ipv4 = 0x0800;
const udp = 17;
const clientPort = 68;
const serverPort = 67;
const ethernetBytes = 14;
const ipBytes = 20;
const udpBytes = 8;

/** A frame from the client's port to the server's: a socket of UDP has no address to send from. */
export function encodeFrame(datagram: Datagram): Buffer {
  const { payload } = datagram;
  const head = Buffer.alloc(ethernetBytes + ipBytes + udpBytes);
  head.set(parseMac(datagram.destinationMac), 0);
  head.set(parseMac(datagram.sourceMac), 6);
  head.writeUInt16BE(ipv4, 12);
  head.writeUInt8(0x45, 14);
  head.writeUInt16BE(ipBytes + udpBytes + payload.length, 16);
  head.writeUInt8(64, 22);
  head.writeUInt8(udp, 23);
  head.set(parseIp(datagram.source), 26);
  head.set(parseIp(datagram.destination), 30);
  head.writeUInt16BE(checksum(head.subarray(14, 34)), 24);
  head.writeUInt16BE(clientPort, 34);
  head.writeUInt16BE(serverPort, 36);
  head.writeUInt16BE(udpBytes + payload.length, 38);
  const pseudo = Buffer.alloc(12);
  head.copy(pseudo, 0, 26, 34);
  pseudo.writeUInt8(udp, 9);
  pseudo.writeUInt16BE(udpBytes + payload.length, 10);
  const sum = checksum(Buffer.concat([pseudo, head.subarray(34), payload]));
  head.writeUInt16BE(sum === 0 ? 0xffff : sum, 40);
  return Buffer.concat([head, payload]);
}

/**
 * What a server sent to the client's port; undefined for any other frame, of which a pod sees many.
 * The checksum of UDP is left alone: between namespaces the kernel never fills it in.
 */
export function decodeFrame(frame: Buffer): Datagram | undefined {
  if (frame.length < ethernetBytes + ipBytes + udpBytes) return undefined;
  if (frame.readUInt16BE(12) !== ipv4 || frame.readUInt8(14) >> 4 !== 4) return undefined;
  const headerBytes = (frame.readUInt8(14) & 15) * 4;
  const totalBytes = frame.readUInt16BE(16);
  const start = ethernetBytes + headerBytes;
  const fragment = frame.readUInt16BE(20) & 0x3fff;
  const fits = headerBytes >= ipBytes && totalBytes >= headerBytes + udpBytes;
  if (!fits || ethernetBytes + totalBytes > frame.length || fragment !== 0) return undefined;
  if (frame.readUInt8(23) !== udp || checksum(frame.subarray(14, start)) !== 0) return undefined;
  if (frame.readUInt16BE(start) !== serverPort) return undefined;
  if (frame.readUInt16BE(start + 2) !== clientPort) return undefined;
  const length = frame.readUInt16BE(start + 4);
  if (length < udpBytes || headerBytes + length > totalBytes) return undefined;
  return {
    destinationMac: formatMac(frame, 0, 6),
    sourceMac: formatMac(frame, 6, 12),
    source: formatIp(frame.subarray(26, 30)),
    destination: formatIp(frame.subarray(30, 34)),
    payload: frame.subarray(start + udpBytes, start + length),
  };
}

/** RFC 1071. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) {
    sum += (bytes[i] ?? 0) * 256 + (bytes[i + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
