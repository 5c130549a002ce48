import type { Command } from 'commander';
import { Containers } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';
import { forEachName } from '../each.ts';

export function define(command: Command, cli: Cli): void {
  command.argument('<container...>').action((names: readonly string[]) =>
    forEachName(cli, names, async (container) => {
      await cli.client.call(Containers.Start, { container });
      return undefined;
    }),
  );
}
