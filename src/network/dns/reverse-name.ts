import { formatIp } from '../../netlink/ip.ts';
import { below, type Name } from './name.ts';

/** The address that a name below in-addr.arpa or ip6.arpa is about; undefined for others. */
export function addressOfReverse(name: Name): string | undefined {
  const four = below(name, 'in-addr.arpa');
  if (four?.length === 4) {
    const bytes = four.toReversed().map(byteOf);
    return bytes.includes(-1) ? undefined : formatIp(Uint8Array.from(bytes));
  }
  const six = below(name, 'ip6.arpa');
  if (six?.length !== 32 || !six.every((digit) => /^[0-9a-f]$/.test(digit))) return undefined;
  return formatIp(Buffer.from(six.toReversed().join(''), 'hex'));
}

function byteOf(text: string): number {
  const number = Number(text);
  return /^(0|[1-9]\d{0,2})$/.test(text) && number < 256 ? number : -1;
}
