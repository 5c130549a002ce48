import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { hasCode } from '../../base/error.ts';
import type { Upstream } from './ask-upstream.ts';

/** As many as the C library reads. */
const most = 3;
/** The second is where systemd-resolved, whose own address answers this host alone, has them. */
const files = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'];

/** The servers that this host asks; never one of our own addresses, which would ask itself. */
export function hostNameServers(own: readonly string[]): Upstream[] {
  for (const path of files) {
    const found = parseNameServers(readText(path)).filter(({ address }) => !own.includes(address));
    if (found.length > 0 && found.every(({ address }) => address !== '127.0.0.53')) return found;
  }
  return [];
}

/** `nameserver ADDRESS` lines of a resolv.conf. */
export function parseNameServers(text: string): Upstream[] {
  const addresses = text.split('\n').flatMap((line) => {
    const [word, address = ''] = line.trim().split(/\s+/);
    return word === 'nameserver' && isIP(address) !== 0 ? [address] : [];
  });
  return [...new Set(addresses)].slice(0, most).map((address) => ({ address, port: 53 }));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES', 'EISDIR')) return '';
    throw error;
  }
}
