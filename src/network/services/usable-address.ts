import { isIPv6 } from 'node:net';
import { formatIp, parseIp, writeIpv4 } from '../../netlink/ip.ts';

/**
 * The one way of writing an address; undefined for what is none, and for what no Service may
 * claim or lead to: loopback, link-local, multicast and unspecified addresses. Whoever may write
 * an EndpointSlice would otherwise reach what listens on this node's loopback alone.
 */
export function canonicalAddress(text: string): string | undefined {
  // IPv4 has one way of writing: there are tens of thousands of them.
  if (writeIpv4(scratch, 0, text)) return isSpecial(scratch) ? undefined : text;
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const bytes = parseIp(text);
  return isSpecial(bytes) ? undefined : formatIp(bytes);
}

const scratch = new Uint8Array(4);

export function familyOfAddress(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

function isSpecial(bytes: Uint8Array): boolean {
  const [first = 0, second = 0] = bytes;
  if (bytes.length === 4) {
    return first === 0 || first === 127 || first >= 224 || (first === 169 && second === 254);
  }
  if (first === 0xff || (first === 0xfe && (second & 0xc0) === 0x80)) return true;
  // ::, ::1 and IPv4 addresses in the clothes of IPv6.
  return bytes.subarray(0, 10).every((byte) => byte === 0);
}
