import type { Command } from 'commander';
import { defaultConfigPath } from '../../base/config-path.ts';
import { readConfig } from '../../base/settings.ts';
import type { Cli } from '../cli.ts';
import { parseNetworkConfig } from '../network-config.ts';
import { runIngress } from '../run-ingress.ts';

interface Flags {
  readonly config?: string;
  readonly httpFd?: string;
  readonly httpsFd?: string;
  readonly [field: string]: string | undefined;
}

export function define(command: Command, _cli: Cli): void {
  command
    .option('--config <path>', `configuration file (default: "${defaultConfigPath}")`)
    .option('--kubeconfig <path>', "where the coordinator is (default: the kubelet's own)")
    .option('--node-name <name>', "this node's (default: the machine's)")
    .option('--run <path>', 'what ends with a reboot')
    .option('--ingress-http <port>', 'where it listens (default: 80)')
    .option('--ingress-https <port>', 'the same with TLS (default: 443)')
    .option('--ingress-log <choice>', 'each request in the log, yes or no')
    .option('--ingress-metrics <address>', 'where it tells its numbers: 127.0.0.1:10254')
    .option('--http-fd <number>', 'a socket that listens already, whose opener starts it again')
    .option('--https-fd <number>', 'the same with TLS')
    .option('--log-level <level>', 'trace, debug, info, warn, error or silent')
    .action(async ({ config, httpFd, httpsFd, ...flags }: Flags) => {
      const text = await readConfig(config ?? defaultConfigPath, config !== undefined);
      const network = parseNetworkConfig(text, process.env, flags);
      await runIngress(network, { httpFd, httpsFd });
    });
}
