import type { Command } from 'commander';
import { Containers } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';
import { printable } from '../format.ts';

export function define(command: Command, cli: Cli): void {
  command
    .option('-o, --output <format>', 'json or table')
    .argument('<container>')
    .action(async (container: string, { output }: { output?: string }) => {
      const { changes } = await cli.client.call(Containers.Diff, { container });
      if (output === 'json') await cli.print(`${JSON.stringify(changes, null, 2)}\n`);
      else for (const { kind, path } of changes) await cli.print(`${kind} ${printable(path)}\n`);
    });
}
