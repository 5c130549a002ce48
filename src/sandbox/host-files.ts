import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError } from '../base/error.ts';
import type { PodDns, PodSandboxRequest } from './sandbox-service.ts';

export interface HostFiles {
  readonly hosts: string;
  readonly resolvConf: string;
  readonly hostname: string;
}

export function hostFiles(folder: string): HostFiles {
  return {
    hosts: join(folder, 'hosts'),
    resolvConf: join(folder, 'resolv.conf'),
    hostname: join(folder, 'hostname'),
  };
}

/** What containers of the pod see at /etc/hosts, /etc/resolv.conf and /etc/hostname. */
export function writeHostFiles(
  folder: string,
  request: PodSandboxRequest,
  addresses: readonly string[] = [],
): void {
  const files = hostFiles(folder);
  const ownHosts = hostsText(request.hostname, addresses);
  const own = request.network === 'host' ? readHost('/etc/hosts') : ownHosts;
  writeFileSync(files.hosts, own, { mode: 0o644 });
  writeFileSync(files.resolvConf, resolvConfText(request.dns), { mode: 0o644 });
  const name = request.network === 'host' ? readHost('/etc/hostname') : `${request.hostname}\n`;
  writeFileSync(files.hostname, name, { mode: 0o644 });
}

export function hostsText(hostname: string, addresses: readonly string[] = []): string {
  const lines = [
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
  ];
  const own = addresses.length > 0 ? addresses : ['127.0.1.1'];
  if (hostname !== '') lines.push(...own.map((address) => `${address}\t${hostname}`));
  return `${lines.join('\n')}\n`;
}

/** The node's own where nothing is given. A value with a newline would be a line of its own. */
export function resolvConfText(dns: PodDns = {}): string {
  const { servers = [], searches = [], options = [] } = dns;
  for (const value of [...servers, ...searches, ...options]) {
    if (!/^[\x21-\x7e]+$/.test(value)) {
      throw new DomainError('invalid', `DNS setting ${JSON.stringify(value)} is malformed`);
    }
  }
  if (servers.length + searches.length + options.length === 0) return readHost('/etc/resolv.conf');
  const lines = servers.map((server) => `nameserver ${server}`);
  if (searches.length > 0) lines.unshift(`search ${searches.join(' ')}`);
  if (options.length > 0) lines.push(`options ${options.join(' ')}`);
  return `${lines.join('\n')}\n`;
}

function readHost(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
