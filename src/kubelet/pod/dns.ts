import { readFileSync } from 'node:fs';
import type { Pod } from '../../api/types/generated/core-v1.ts';
import { hasCode } from '../../base/error.ts';
import type { DNSConfig } from '../../cri/generated/runtime.ts';

export interface DnsSettings {
  /** Of the cluster's DNS service; empty for none. */
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  /** The node's own, which pods with the policy Default get. */
  readonly resolverFile: string;
  /** Where systemd-resolved tells of the servers behind its own address. */
  readonly behindStubFile?: string;
}

/** Answers processes of the host alone. */
const stub = '127.0.0.53';
const usualBehindStubFile = '/run/systemd/resolve/resolv.conf';

const mostServers = 3;
const mostSearches = 32;
const mostSearchCharacters = 2048;

/** How a pod's containers resolve names: what the C library can use of it. */
export function dnsOf(pod: Pod, settings: DnsSettings): DNSConfig {
  const { spec } = pod;
  const base = policyConfig(pod, settings);
  const { nameservers = [], searches = [], options = [] } = spec.dnsConfig ?? {};
  const words = options.map(({ name = '', value }) => (value ? `${name}:${value}` : name));
  const named = new Set(words.map(optionName));
  return {
    servers: unique([...base.servers, ...nameservers]).slice(0, mostServers),
    searches: bounded(unique([...base.searches, ...searches])),
    options: [...base.options.filter((word) => !named.has(optionName(word))), ...words],
  };
}

function policyConfig(pod: Pod, settings: DnsSettings): DNSConfig {
  const { spec, metadata } = pod;
  const policy = spec.dnsPolicy ?? 'ClusterFirst';
  if (policy === 'None') return { servers: [], searches: [], options: [] };
  const host = hostResolver(settings, spec.hostNetwork === true);
  const isCluster =
    policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && !spec.hostNetwork);
  if (!isCluster || settings.clusterDns.length === 0) return host;
  const domain = settings.clusterDomain;
  const own = [`${metadata.namespace ?? 'default'}.svc.${domain}`, `svc.${domain}`, domain];
  return {
    servers: [...settings.clusterDns],
    searches: [...(domain === '' ? [] : own), ...host.searches],
    options: ['ndots:5'],
  };
}

function optionName(word: string): string {
  return word.split(':')[0] ?? word;
}

function unique(words: readonly string[]): string[] {
  return [...new Set(words)];
}

function bounded(searches: readonly string[]): string[] {
  let characters = 0;
  return searches.slice(0, mostSearches).filter((word) => {
    characters += word.length + 1;
    return characters <= mostSearchCharacters + 1;
  });
}

/** In a network of its own nobody reaches the host's stub: such a pod asks whom the stub asks. */
function hostResolver(settings: DnsSettings, hostNetwork: boolean): DNSConfig {
  const { resolverFile, behindStubFile = usualBehindStubFile } = settings;
  const host = readResolver(resolverFile);
  if (hostNetwork || !host.servers.includes(stub)) return host;
  const { servers } = readResolver(behindStubFile);
  return servers.length === 0 ? host : { ...host, servers };
}

/** The file is read for each pod: leases renew it. */
function readResolver(path: string): DNSConfig {
  const config = { servers: [] as string[], searches: [] as string[], options: [] as string[] };
  for (const line of readText(path).split('\n')) {
    const [keyword, ...words] = line.trim().split(/\s+/);
    if (keyword === 'nameserver' && words[0] !== undefined) config.servers.push(words[0]);
    else if (keyword === 'search') config.searches = words.filter((word) => word !== '.');
    else if (keyword === 'options') config.options = words;
  }
  return config;
}

function readText(path: string): string {
  if (path === '') return '';
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return '';
    throw error;
  }
}
