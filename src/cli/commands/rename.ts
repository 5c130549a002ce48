import type { Command } from 'commander';
import { Containers } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';

export function define(command: Command, cli: Cli): void {
  command
    .argument('<container>')
    .argument('<name>', 'its new name')
    .action(async (container: string, name: string) => {
      await cli.client.call(Containers.Rename, { container, name });
    });
}
