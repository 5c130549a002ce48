import type { Command } from 'commander';
import { Containers } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';
import { printable } from '../format.ts';
import { alignColumns } from '../listing.ts';

export function define(command: Command, cli: Cli): void {
  command
    .argument('<container>')
    .argument('[column...]', 'pid, user, args and others, as ps names them')
    .action(async (container: string, words: readonly string[]) => {
      const columns = words.flatMap((word) => word.replace(/^-?o$/, '').split(/[,\s]+/));
      const request = { container, columns: columns.filter((column) => column !== '') };
      const { titles, rows } = await cli.client.call(Containers.Top, request);
      await cli.print(alignColumns([titles, ...rows.map(({ cells }) => cells.map(printable))]));
    });
}
