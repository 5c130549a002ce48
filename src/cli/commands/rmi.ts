import type { Command } from 'commander';
import { messageOf } from '../../base/error.ts';
import { Images } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';

export function define(command: Command, cli: Cli): void {
  command
    .option('-f, --force', 'even where containers use it')
    .argument('<image...>')
    .action(async (names: readonly string[], { force }: { force?: true }) => {
      for (const image of names) {
        try {
          const request = { image, force: force === true };
          const { untagged, deleted } = await cli.client.call(Images.Remove, request);
          for (const name of untagged) await cli.print(`Untagged: ${name}\n`);
          for (const id of deleted) await cli.print(`Deleted: ${id}\n`);
        } catch (error) {
          await cli.printError(`keelson: ${messageOf(error)}\n`);
          cli.fail(1);
        }
      }
    });
}
