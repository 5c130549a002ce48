import type { Command } from 'commander';
import { defaultConfigPath } from '../../base/config-path.ts';
import { readConfig } from '../../base/settings.ts';
import { parseConfig } from '../../cri/config.ts';
import type { Cli } from '../cli.ts';
import { runRuntime } from '../run-runtime.ts';

interface Flags {
  readonly config?: string;
  readonly [field: string]: string | undefined;
}

export function define(command: Command, _cli: Cli): void {
  command
    .option('--config <path>', `configuration file (default: "${defaultConfigPath}")`)
    .option('--root <path>', 'images and records')
    .option('--state <path>', 'what is gone at a reboot')
    .option('--socket <path>', 'where to answer')
    .option('--log-level <level>', 'trace, debug, info, warn, error or silent')
    .option('--cgroup-parent <path>', 'cgroup of pods without one of their own')
    .option('--missing-controllers <mode>', 'refuse or warn about limits that cannot be enforced')
    .option('--cni-config <path>', "folder with the pods' network")
    .option('--cni-plugins <paths>', 'folders with CNI plugins, parted by colons')
    .option('--streaming-address <address>', 'where exec, attach and port-forward are answered')
    .option('--streaming-idle-timeout <time>', 'when a silent stream is ended')
    .option('--streaming-certificate <path>', 'TLS for streaming')
    .option('--streaming-key <path>', "its certificate's key")
    .option('--streaming-client-authority <path>', 'who signs the certificates of clients')
    .option('--monitor-address <address>', 'where metrics and health are told; off for nowhere')
    .action(async ({ config, ...flags }: Flags) => {
      await runRuntime(async () => {
        const text = await readConfig(config ?? defaultConfigPath, config !== undefined);
        return parseConfig(text, process.env, flags);
      });
    });
}
