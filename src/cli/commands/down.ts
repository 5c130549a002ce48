import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { defaultConfigPath } from '../../base/config-path.ts';
import { readUpOptions } from '../up/read-options.ts';
import { type DownOptions, runDown } from '../up/run-down.ts';

interface Flags extends Partial<DownOptions> {
  readonly config?: string;
}

export function define(command: Command, cli: Cli): void {
  command
    .option('--uninstall', 'take back what keelson changed: rules, routes, links, sysctls, files')
    .option('--purge', 'and remove its state: images, volumes, the cluster')
    .option('--config <path>', `configuration file (default: "${defaultConfigPath}")`)
    .action(async ({ uninstall = false, purge = false, config }: Flags) => {
      // Its address is nothing to a node that goes.
      const flags = { nodeIp: '127.0.0.1', nodeName: 'node' };
      const options = await readUpOptions({ ...flags, ...(config !== undefined && { config }) });
      await runDown(options, { uninstall, purge }, cli);
      await cli.print('keelson is down.\n');
    });
}
