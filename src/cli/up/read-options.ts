import { hostname, networkInterfaces } from 'node:os';
import { isIP } from 'node:net';
import { defaultConfigPath } from '../../base/config-path.ts';
import { DomainError } from '../../base/error.ts';
import { readConfig } from '../../base/settings.ts';
import { parseConfig } from '../../cri/config.ts';
import { parseCoordinatorConfig } from '../coordinator-config.ts';
import { recall } from './membership.ts';
import type { UpOptions } from './run-up.ts';

export interface UpFlags {
  readonly join?: string;
  readonly nodeName?: string;
  readonly nodeIp?: string;
  readonly mode?: string;
  readonly config?: string;
}

/** By the flags, what they were before, and the parts' configuration. DomainError `invalid`. */
export async function readUpOptions(flags: UpFlags): Promise<UpOptions> {
  const { config, join } = flags;
  const text = await readConfig(config ?? defaultConfigPath, config !== undefined);
  const runtime = parseConfig(text, process.env, {});
  const coordinator = parseCoordinatorConfig(text, process.env, {});
  const known = await recall(runtime.root);
  const address = coordinator.advertiseAddress || (known?.nodeAddress ?? '');
  return {
    join,
    joined: known?.server,
    mode: modeOf(flags.mode ?? known?.mode ?? 'vxlan'),
    config,
    nodeName: nameOf(flags.nodeName ?? known?.nodeName ?? hostname().toLowerCase()),
    nodeAddress: addressOf(flags.nodeIp ?? address),
    folder: '/etc/keelson',
    root: runtime.root,
    state: runtime.state,
    socket: runtime.socket,
    coordinatorRoot: coordinator.root,
    adminKubeconfig: `${coordinator.root}/admin.kubeconfig`,
    warnOfLimits: !/missingControllers/.test(text),
  };
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

/** Without a wish, the machine's first address that is not its loopback's. */
function addressOf(wish: string): string {
  if (wish !== '') {
    if (isIP(wish) !== 0) return wish;
    throw new DomainError('invalid', `--node-ip is "${wish}", not an IP address`);
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
