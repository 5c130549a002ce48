import { readFileSync } from 'node:fs';
import type { Pod } from '../../api/types/generated/core-v1.ts';
import { hasCode } from '../../base/error.ts';

const header = '# Kubernetes-managed hosts file.';
const hostHeader = '# Kubernetes-managed hosts file (host network).';
const aliasHeader = '# Entries added by HostAliases.';

const loopback = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
`;

/** What /etc/hosts is in the pod's containers. */
export function hostsFile(pod: Pod, addresses: readonly string[], domain: string): string {
  const aliases = aliasText(pod);
  if (pod.spec.hostNetwork === true) return `${hostHeader}\n${nodeHosts()}${aliases}`;
  const { host, full } = hostNames(pod, domain);
  const names = full === host ? host : `${full}\t${host}`;
  const own = addresses.map((address) => `${address}\t${names}\n`).join('');
  return `${header}\n${loopback}${own}${aliases}`;
}

/** The pod's host name, and the whole name where it has a subdomain. */
export function hostNames(pod: Pod, domain: string): { host: string; full: string } {
  const { hostname = '', subdomain = '', hostnameOverride = '' } = pod.spec;
  if (hostnameOverride !== '') return { host: hostnameOverride, full: hostnameOverride };
  const name = hostname === '' ? (pod.metadata.name ?? '') : hostname;
  // The kernel has no room for more, and a name ends in a letter or digit.
  const host = name.slice(0, 63).replace(/[-.]+$/, '');
  if (subdomain === '') return { host, full: host };
  return { host, full: `${host}.${subdomain}.${pod.metadata.namespace ?? ''}.svc.${domain}` };
}

function aliasText({ spec }: Pod): string {
  const aliases = spec.hostAliases ?? [];
  if (aliases.length === 0) return '';
  const lines = aliases.map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join('\t')}\n`);
  return `\n${aliasHeader}\n${lines.join('')}`;
}

function nodeHosts(): string {
  try {
    return readFileSync('/etc/hosts', 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return '';
    throw error;
  }
}
