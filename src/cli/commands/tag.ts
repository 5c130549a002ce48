import type { Command } from 'commander';
import { Images } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';

export function define(command: Command, cli: Cli): void {
  command
    .argument('<image>')
    .argument('<name>', 'its additional name')
    .action(async (source: string, target: string) => {
      await cli.client.call(Images.Tag, { source, target });
    });
}
