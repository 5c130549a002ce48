import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import type { Bucket } from '../../../cni-plugins/bandwidth/bucket.ts';
import type { RateLimit } from '../../../cni-plugins/bandwidth/configuration.ts';
import { findHostInterface, readLimits, setLimits } from '../../../cni-plugins/bandwidth/limit.ts';
import { DomainError } from '../../base/error.ts';
import { Journal, type JournalEntry } from '../../cni/journal.ts';
import { open } from '../../netlink/index.ts';
import type { Cli } from '../cli.ts';
import { alignColumns } from '../listing.ts';
import { parseRate } from '../parse-rate.ts';

interface Flags {
  readonly ingress?: string;
  readonly egress?: string;
  readonly interface: string;
}

/** Shows or changes the limits of a pod's interface; connections go on meanwhile. */
export function define(command: Command, cli: Cli): void {
  command
    .argument('<pod>', "a pod's id or the beginning of it, its name, or NAMESPACE/NAME")
    .option('--ingress <rate>', 'towards the pod: bits a second such as 10M, or 0 for no limit')
    .option('--egress <rate>', 'from the pod')
    .option('--interface <name>', "the pod's interface", 'eth0')
    .action(async (pod: string, flags: Flags) => {
      const wanted = {
        ingress: flags.ingress === undefined ? undefined : parseRate(flags.ingress, '--ingress'),
        egress: flags.egress === undefined ? undefined : parseRate(flags.egress, '--egress'),
      };
      const entry = findAttachment(join(dirname(cli.socketPath), 'cni'), pod, flags.interface);
      const { network: networkName, containerId, interfaceName } = entry;
      using host = await open();
      using inside = await open({ namespace: entry.environment['CNI_NETNS'] ?? '' });
      const target = {
        owner: { networkName, containerId, interfaceName },
        host: await findHostInterface(host, inside, interfaceName),
      };
      const present = await readLimits(host, target);
      if (wanted.ingress === undefined && wanted.egress === undefined) {
        await cli.print(table(present));
        return;
      }
      const ingress = wanted.ingress ?? rateOf(present.ingress);
      const egress = wanted.egress ?? rateOf(present.egress);
      const limits = {
        ...(ingress !== undefined && ingress.rateBits > 0 && { ingress }),
        ...(egress !== undefined && egress.rateBits > 0 && { egress }),
      };
      const scope = { kind: 'all', prefixes: [] } as const;
      await cli.print(table(await setLimits(host, target, { ...limits, scope, latencyMs: 25 })));
    });
}

/** By the plugins' own records: they know pods that another runtime made as well. */
function findAttachment(folder: string, pod: string, interfaceName: string): JournalEntry {
  const found = new Map<string, JournalEntry>();
  for (const { entry } of new Journal(folder).list()) {
    const isIt = entry.interfaceName === interfaceName && names(entry).includes(pod);
    const begins = entry.containerId.startsWith(pod) && entry.interfaceName === interfaceName;
    if (isIt || begins) found.set(`${entry.network}/${entry.containerId}`, entry);
  }
  const [only, ...others] = found.values();
  if (only === undefined) {
    throw new DomainError('notFound', `No pod "${pod}" has an interface "${interfaceName}"`);
  }
  if (others.length === 0) return only;
  throw new DomainError('conflict', `"${pod}" names several: ${[...found.keys()].join(', ')}`);
}

/** As Kubernetes' runtimes tell plugins of a pod, by CNI_ARGS. */
function names({ environment }: JournalEntry): readonly string[] {
  const pairs = (environment['CNI_ARGS'] ?? '').split(';').map((pair) => pair.split('='));
  const args = new Map(pairs.map(([key = '', value = '']) => [key, value]));
  const name = args.get('K8S_POD_NAME');
  if (name === undefined) return [];
  return [name, `${args.get('K8S_POD_NAMESPACE') ?? ''}/${name}`];
}

function rateOf(bucket: Bucket | undefined): RateLimit | undefined {
  if (bucket === undefined) return undefined;
  return { rateBits: bucket.rateBytes * 8, burstBits: bucket.burstBytes * 8 };
}

function table({ ingress, egress }: Awaited<ReturnType<typeof readLimits>>): string {
  const rows = [['DIRECTION', 'RATE', 'BURST'], row('ingress', ingress), row('egress', egress)];
  return alignColumns(rows);
}

function row(name: string, bucket: Bucket | undefined): readonly string[] {
  if (bucket === undefined) return [name, 'unlimited', '-'];
  return [name, `${(bucket.rateBytes * 8) / 1e6} Mbit/s`, `${Math.round(bucket.burstBytes)} bytes`];
}
