import { hostname, networkInterfaces } from 'node:os';
import { isIP } from 'node:net';
import { defaultConfigPath } from '../../base/config-path.ts';
import { DomainError } from '../../base/error.ts';
import { readConfig } from '../../base/settings.ts';
import { parseConfig } from '../../cri/config.ts';
import type { ClusterNetwork } from '../../api/cluster-network.ts';
import { defaultServiceCidr, ServiceRanges } from '../../apiserver/service-ranges.ts';
import { defaultPodCidr } from '../../controller/node/pod-range.ts';
import { type CoordinatorConfig, parseCoordinatorConfig } from '../coordinator-config.ts';
import { recall, type Remembered } from './membership.ts';
import type { UpOptions } from './run-up.ts';

export interface UpFlags {
  readonly join?: string;
  readonly nodeName?: string;
  readonly nodeIp?: string;
  readonly mode?: string;
  readonly podCidr?: string;
  readonly serviceCidr?: string;
  readonly config?: string;
  /** False with `--no-ingress`. */
  readonly ingress?: boolean;
}

/** By the flags, what they were before, and the parts' configuration. DomainError `invalid`. */
export async function readUpOptions(flags: UpFlags): Promise<UpOptions> {
  const { config, join } = flags;
  const { text, runtime, known } = await readSources(config);
  const { podCidr = known?.network?.podCidr, serviceCidr = known?.network?.serviceCidr } = flags;
  const coordinator = parseCoordinatorConfig(text, process.env, { podCidr, serviceCidr });
  const address = coordinator.advertiseAddress || (known?.nodeAddress ?? '');
  return {
    join,
    joined: known?.server,
    mode: modeOf(flags.mode ?? known?.mode ?? 'vxlan'),
    config,
    nodeName: nameOf(flags.nodeName ?? known?.nodeName ?? hostname().toLowerCase()),
    nodeAddress: addressesOf(flags.nodeIp ?? address),
    network: known?.server === undefined ? networkOf(coordinator) : knownNetwork(known),
    folder: '/etc/keelson',
    root: runtime.root,
    state: runtime.state,
    socket: runtime.socket,
    coordinatorRoot: coordinator.root,
    adminKubeconfig: `${coordinator.root}/admin.kubeconfig`,
    ingress: flags.ingress !== false,
    warnOfLimits: !/missingControllers/.test(text),
  };
}

/**
 * Throws DomainError `conflict` for ranges that are not those of the node's cluster: its Services
 * and the ranges of its nodes were taken from them.
 */
export async function checkRanges(flags: UpFlags): Promise<void> {
  const { text, known } = await readSources(flags.config);
  const { podCidr, serviceCidr, join } = flags;
  const joins = join !== undefined || known?.server !== undefined;
  if (joins && (podCidr ?? serviceCidr) !== undefined) {
    const words =
      '--pod-cidr and --service-cidr are for the first node, whose others take them over';
    throw new DomainError('conflict', words);
  }
  if (joins || known?.network === undefined) return;
  const wanted = parseCoordinatorConfig(text, process.env, { podCidr, serviceCidr });
  checkRange('pod', { wanted: wanted.podCidr, known: known.network.podCidr }, defaultPodCidr);
  const services = { wanted: wanted.serviceCidr, known: known.network.serviceCidr };
  checkRange('service', services, defaultServiceCidr);
}

/** The usual range is what somebody has who wants none: it changes nothing. */
function checkRange(
  name: 'pod' | 'service',
  { wanted, known }: { readonly wanted: string; readonly known: string },
  usual: string,
): void {
  if (wanted === known || wanted === usual) return;
  throw new DomainError(
    'conflict',
    `--${name}-cidr (coordinator.${name}Cidr) is "${wanted}", but this cluster was made with ` +
      `"${known}", and its ranges stay: take that one, or begin anew by \`keelson down --purge\``,
  );
}

async function readSources(config: string | undefined) {
  const text = await readConfig(config ?? defaultConfigPath, config !== undefined);
  const runtime = parseConfig(text, process.env, {});
  return { text, runtime, known: await recall(runtime.root) };
}

function modeOf(mode: string): UpOptions['mode'] {
  if (mode === 'vxlan' || mode === 'routed') return mode;
  throw new DomainError('invalid', `--mode is "${mode}", not vxlan or routed`);
}

/** As the API has names of nodes: RFC 1123 subdomains. */
function nameOf(name: string): string {
  const label = '[a-z0-9]([a-z0-9-]*[a-z0-9])?';
  if (name.length <= 253 && new RegExp(`^${label}(\\.${label})*$`).test(name)) return name;
  throw new DomainError('invalid', `"${name}" cannot be a node's name: choose one by --node-name`);
}

function networkOf({
  podCidr,
  serviceCidr,
}: Pick<CoordinatorConfig, 'podCidr' | 'serviceCidr'>): ClusterNetwork {
  return { podCidr, serviceCidr, clusterDns: new ServiceRanges(serviceCidr).dnsAddresses };
}

/** Who joined before clusters told of their network is in one of the usual kind. */
function knownNetwork({ network }: Remembered): ClusterNetwork {
  if (network !== undefined) return network;
  return networkOf({ podCidr: defaultPodCidr, serviceCidr: defaultServiceCidr });
}

/** Without a wish, the machine's first address that is not its loopback's. */
function addressesOf(wish: string): string {
  if (wish !== '') {
    const [first = 0, second, ...more] = wish.split(',').map((one) => isIP(one));
    if (first !== 0 && second !== 0 && first !== second && more.length === 0) return wish;
    const words = 'not an address, or one of each family';
    throw new DomainError('invalid', `--node-ip is "${wish}", ${words}`);
  }
  const first = firstAddress();
  if (first !== undefined) return first;
  throw new DomainError('unavailable', 'This machine has no IPv4 address: choose one by --node-ip');
}

/** Undefined on a machine without a network. */
export function firstAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
}
