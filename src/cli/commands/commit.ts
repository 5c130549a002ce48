import type { Command } from 'commander';
import { Containers } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';

interface Flags {
  readonly change: readonly string[];
  readonly message?: string;
  readonly pause: boolean;
}

export function define(command: Command, cli: Cli): void {
  command
    .option('-c, --change <instruction>', 'such as \'CMD ["sh"]\'', collect, [])
    .option('-m, --message <text>', 'what for')
    .option('--no-pause', 'do not freeze it meanwhile')
    .argument('<container>')
    .argument('[name]', 'of the new image')
    .action(async (container: string, name: string | undefined, flags: Flags) => {
      const { change: changes, message: comment = '', pause } = flags;
      const request = { container, name: name ?? '', changes, comment, pause };
      const { id } = await cli.client.call(Containers.Commit, request);
      await cli.print(`${id}\n`);
    });
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}
