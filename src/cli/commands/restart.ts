import type { Command } from 'commander';
import { Containers } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';
import { forEachName } from '../each.ts';
import { parseWhole } from '../parse.ts';

interface Flags {
  readonly time?: string;
  readonly signal?: string;
}

export function define(command: Command, cli: Cli): void {
  command
    .option('-t, --time <seconds>', 'time before it is killed')
    .option('-s, --signal <signal>', 'in place of its stop signal')
    .argument('<container...>')
    .action((names: readonly string[], { time, signal = '' }: Flags) => {
      const timeout_seconds = time === undefined ? undefined : parseWhole(time, '--time');
      return forEachName(cli, names, async (container) => {
        await cli.client.call(Containers.Restart, { container, timeout_seconds, signal });
        return undefined;
      });
    });
}
