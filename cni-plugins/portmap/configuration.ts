import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { Fields, type JsonObject } from '../../src/cni/json.ts';
import type { PluginRequest } from '../../src/cni/plugin.ts';
import { type NetworkResult, familyOf } from '../../src/cni/result.ts';
import { formatIp, parseIp } from '../../src/netlink/ip.ts';
import { type Conditions, parseConditions, styleOf } from './condition.ts';

export type Family = 4 | 6;
export type Protocol = 'tcp' | 'udp' | 'sctp';

/** A port of the host that leads to one of the pod. */
export interface PortMapping {
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: Protocol;
  /** For one address of the host; absent for all of both families. */
  readonly hostIp?: string;
  /** For one family alone: `0.0.0.0` and `::` name all addresses of theirs. */
  readonly family?: Family;
}

export interface PortmapConfiguration {
  readonly mappings: readonly PortMapping[];
  /** Whether connections of the pod to itself and of the host's localhost are translated back. */
  readonly snat: boolean;
  /** Whether all are, so that pods see the host as their peer. */
  readonly masqAll: boolean;
  /** What a packet must be for a mapping to apply. */
  readonly conditions: Readonly<Record<Family, Conditions | undefined>>;
}

const maximumMappings = 4096;
const protocols = new Set(['tcp', 'udp', 'sctp']);

/** Throws CniError 7. */
export function parseConfiguration(request: PluginRequest): PortmapConfiguration {
  const { config } = request;
  const fields = new Fields(config, 'the portmap configuration');
  checkMark(fields, config);
  checkBackend(fields);
  const listed = new Fields(request.runtimeConfig, 'runtimeConfig').objects('portMappings');
  if (listed.length > maximumMappings) refuse(`over ${maximumMappings} port mappings`);
  return {
    mappings: listed.map(parseMapping),
    snat: config['snat'] === undefined || config['snat'] === null || fields.boolean('snat'),
    masqAll: fields.boolean('masqAll'),
    conditions: {
      4: parseConditions(fields.strings('conditionsV4'), 4),
      6: parseConditions(fields.strings('conditionsV6'), 6),
    },
  };
}

/**
 * Both are ways to say "masquerade this" from one rule of iptables to another. Rules of nf_tables
 * see where a connection was sent to, and need neither; they are checked as the reference does.
 */
function checkMark(fields: Fields, config: JsonObject): void {
  const bit = fields.index('markMasqBit');
  if (bit !== undefined && (config['externalSetMarkChain'] ?? null) !== null) {
    refuse('Cannot specify externalSetMarkChain and markMasqBit');
  }
  fields.string('externalSetMarkChain');
  if (bit !== undefined && bit > 31) refuse('MasqMarkBit must be between 0 and 31');
}

/** Either word is served by nf_tables, but must fit the options that it comes with. */
function checkBackend(fields: Fields): void {
  const backend = fields.string('backend');
  if (backend === '') return;
  if (backend !== 'iptables' && backend !== 'nftables') refuse(`unrecognized backend "${backend}"`);
  const styles = new Map<string, string | undefined>([
    ['conditionsV4', styleOf(fields.strings('conditionsV4'))],
    ['conditionsV6', styleOf(fields.strings('conditionsV6'))],
    ['externalSetMarkChain', fields.string('externalSetMarkChain') && 'iptables'],
  ]);
  const wrong = [...styles].filter(([, style]) => Boolean(style) && style !== backend);
  if (wrong.length === 0) return;
  const other = backend === 'iptables' ? 'nftables' : 'iptables';
  const names = wrong.map(([name]) => name).join(' ');
  refuse(
    `${backend} backend was requested but configuration contains ${other}-specific options ` +
      `[${names}]`,
  );
}

function parseMapping(document: JsonObject): PortMapping {
  const fields = new Fields(document, 'a port mapping');
  const protocol = fields.string('protocol').toLowerCase();
  if (!isProtocol(protocol)) refuse(`unknown protocol "${fields.string('protocol')}"`);
  return {
    hostPort: port(fields, 'hostPort'),
    containerPort: port(fields, 'containerPort'),
    protocol,
    ...parseHostIp(fields.string('hostIP')),
  };
}

function isProtocol(name: string): name is Protocol {
  return protocols.has(name);
}

function port(fields: Fields, key: 'hostPort' | 'containerPort'): number {
  const value = fields.index(key) ?? 0;
  if (value > 0 && value <= 65_535) return value;
  return refuse(`Invalid ${key === 'hostPort' ? 'host' : 'container'} port number: ${value}`);
}

function parseHostIp(text: string): Pick<PortMapping, 'hostIp' | 'family'> {
  if (text === '') return {};
  let canonical;
  try {
    canonical = formatIp(parseIp(text)).replace(/^::ffff:(?=\d+\.)/, '');
  } catch {
    return refuse(`Invalid host IP "${text}"`);
  }
  const family = familyOf(canonical);
  if (canonical === '0.0.0.0' || canonical === '::') return { family };
  return { hostIp: canonical, family };
}

/** The pod's address of each family, with prefix length: the first that its interface has. */
export function podAddresses(
  result: NetworkResult,
  interfaceName: string,
): Readonly<Record<Family, string | undefined>> {
  const own = result.addresses.filter(({ interface: index }) => {
    const found = index === undefined ? undefined : result.interfaces[index];
    return found === undefined || (found.name === interfaceName && (found.sandbox ?? '') !== '');
  });
  const first = (family: Family) =>
    own.find(({ address }) => familyOf(address) === family)?.address;
  return { 4: first(4), 6: first(6) };
}

function refuse(problem: string): never {
  throw new CniError(CniCode.invalidConfiguration, problem);
}
