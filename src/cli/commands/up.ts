import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { defaultConfigPath } from '../../base/config-path.ts';
import { detach } from '../up/detach.ts';
import { checkRanges, readUpOptions, type UpFlags } from '../up/read-options.ts';
import { runUp } from '../up/run-up.ts';

export function define(command: Command, cli: Cli): void {
  command
    .option('--join <line>', 'become a node of another cluster: TOKEN:sha256:HASH@HOST[:PORT]')
    .option('--node-name <name>', "the node's name (default: this machine's)")
    .option('--node-ip <address>', 'by which others reach it, one or A,B (default: the first IPv4)')
    .option('--mode <mode>', 'between nodes: vxlan (default), or routed')
    .option('--pod-cidr <ranges>', "pods' addresses: one range, or A,B of both families")
    .option('--service-cidr <ranges>', "Services' addresses, likewise")
    .option(
      '--no-ingress',
      'the node serves no Ingresses; of the first node: the cluster has no class',
    )
    .option('--config <path>', `configuration file (default: "${defaultConfigPath}")`)
    .option('-d, --detach', 'return when the node is ready; it goes on in the background')
    .option('--log <path>', 'with --detach: where it writes its log', '/var/log/keelson.log')
    .action(async ({ detach: away, log, ...flags }: UpFlags & DetachFlags) => {
      await checkRanges(flags);
      const options = await readUpOptions(flags);
      if (away === true)
        await detach({ log, state: options.state, arguments: wordsOf(flags) }, cli);
      else await runUp(options, cli);
    });
}

interface DetachFlags {
  readonly detach?: true;
  readonly log: string;
}

/** The flags as they are written. */
function wordsOf(flags: UpFlags): string[] {
  const pairs = {
    join: flags.join,
    'node-name': flags.nodeName,
    'node-ip': flags.nodeIp,
    mode: flags.mode,
    'pod-cidr': flags.podCidr,
    'service-cidr': flags.serviceCidr,
    config: flags.config,
  };
  const given = Object.entries(pairs).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  );
  return flags.ingress === false ? [...given, '--no-ingress'] : given;
}
