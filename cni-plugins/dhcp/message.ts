import { DomainError } from '../../src/base/error.ts';
import { formatIp, formatMac, parseIp, parseMac } from '../../src/netlink/ip.ts';

/** RFC 2132, option 53. */
export const messageType = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  acknowledge: 5,
  refuse: 6,
  release: 7,
} as const;

/** Options by their numbers that this client asks for, or understands. */
export const option = {
  subnetMask: 1,
  router: 3,
  hostName: 12,
  staticRoutes: 33,
  requestedAddress: 50,
  leaseSeconds: 51,
  messageType: 53,
  server: 54,
  parameterList: 55,
  maximumSize: 57,
  renewalSeconds: 58,
  rebindingSeconds: 59,
  vendorClass: 60,
  clientId: 61,
  userClass: 77,
  classlessRoutes: 121,
} as const;

export type Options = ReadonlyMap<number, Uint8Array>;

/** One message of DHCP over IPv4, RFC 2131. */
export interface DhcpMessage {
  readonly fromServer: boolean;
  readonly transaction: number;
  /** The address that the client has and answers at; 0.0.0.0 for none. */
  readonly clientAddress: string;
  /** The address that the server gives. */
  readonly yourAddress: string;
  readonly mac: string;
  readonly options: Options;
}

/**
 * { u8 op, htype, hlen, hops; be32 xid; be16 secs, flags; be32 ciaddr, yiaddr, siaddr, giaddr;
 *   u8 chaddr[16], sname[64], file[128]; be32 magic; options }
 */
const fixedBytes = 240;
const magic = 0x63825363;
const ethernet = 1;
const broadcastFlag = 0x8000;
/** Servers and relays drop what is shorter (RFC 1542). */
const leastBytes = 300;
const end = 255;

export function encodeMessage(message: DhcpMessage): Buffer {
  const head = Buffer.alloc(fixedBytes);
  head.set([message.fromServer ? 2 : 1, ethernet, 6]);
  head.writeUInt32BE(message.transaction, 4);
  // Before it has an address the interface takes no unicast packets.
  if (message.clientAddress === '0.0.0.0') head.writeUInt16BE(broadcastFlag, 10);
  head.set(parseIp(message.clientAddress), 12);
  head.set(parseIp(message.yourAddress), 16);
  head.set(parseMac(message.mac), 28);
  head.writeUInt32BE(magic, 236);
  const parts = [...message.options].map(([code, value]) => {
    if (value.length > 255) throw new DomainError('invalid', `DHCP option ${code} is too long`);
    return Buffer.concat([Buffer.from([code, value.length]), value]);
  });
  const whole = Buffer.concat([head, ...parts, Buffer.from([end])]);
  return Buffer.concat([whole, Buffer.alloc(Math.max(0, leastBytes - whole.length))]);
}

/** Throws DomainError `invalid` for bytes that are no such message; they come from strangers. */
export function decodeMessage(bytes: Buffer): DhcpMessage {
  if (bytes.length < fixedBytes) refuse(`has ${bytes.length} bytes`);
  if (bytes.readUInt32BE(236) !== magic) refuse('is one of BOOTP');
  const operation = bytes.readUInt8(0);
  if (operation !== 1 && operation !== 2) refuse(`has the operation ${operation}`);
  if (bytes.readUInt8(1) !== ethernet || bytes.readUInt8(2) !== 6) refuse('is not for Ethernet');
  return {
    fromServer: operation === 2,
    transaction: bytes.readUInt32BE(4),
    clientAddress: formatIp(bytes.subarray(12, 16)),
    yourAddress: formatIp(bytes.subarray(16, 20)),
    mac: formatMac(bytes, 28, 34),
    options: decodeOptions(bytes.subarray(fixedBytes)),
  };
}

/** An option that comes twice is one that was too long for one part (RFC 3396). */
function decodeOptions(bytes: Buffer): Options {
  const found = new Map<number, Uint8Array>();
  for (let offset = 0; offset < bytes.length;) {
    const code = bytes.readUInt8(offset);
    if (code === end) break;
    offset++;
    if (code === 0) continue;
    const length = offset < bytes.length ? bytes.readUInt8(offset) : refuse('ends in an option');
    const value = bytes.subarray(offset + 1, offset + 1 + length);
    if (value.length < length) refuse(`ends in option ${code}`);
    found.set(code, Buffer.concat([found.get(code) ?? Buffer.alloc(0), value]));
    offset += 1 + length;
  }
  return found;
}

function refuse(problem: string): never {
  throw new DomainError('invalid', `A DHCP message ${problem}`);
}
