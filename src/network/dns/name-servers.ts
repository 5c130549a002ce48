import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { hasCode } from '../../base/error.ts';
import type { Upstream } from './ask-upstream.ts';

/** As many as the C library reads. */
const most = 3;
/** The second is where systemd-resolved, whose own address answers this host alone, has them. */
const files = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'];

/** So often the files are looked at while names are asked for. */
const lookMs = 1000;

/**
 * The servers that this host asks, as its files have them now: a machine that starts, or moves to
 * another network, learns of its servers after the first questions.
 */
export class HostNameServers {
  readonly #own: readonly string[];
  readonly #files: readonly string[];
  readonly #nowMs: () => number;
  #servers: readonly Upstream[] = [];
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    own: readonly string[],
    paths: readonly string[] = files,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#own = own;
    this.#files = paths;
    this.#nowMs = nowMs;
  }

  /** Those of before while the files name none: they are being written. */
  now(): readonly Upstream[] {
    const nowMs = this.#nowMs();
    if (nowMs - this.#lookedAtMs < lookMs) return this.#servers;
    this.#lookedAtMs = nowMs;
    const found = hostNameServers(this.#own, this.#files);
    if (found.length > 0) this.#servers = found;
    return this.#servers;
  }
}

/** The servers that this host asks; never one of our own addresses, which would ask itself. */
function hostNameServers(own: readonly string[], paths: readonly string[]): Upstream[] {
  for (const path of paths) {
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
