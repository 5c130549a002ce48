import type { Command } from 'commander';
import { Images } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';
import { openInput } from '../open-input.ts';

export function define(command: Command, cli: Cli): void {
  command
    .option('-i, --input <path>', 'file to read; stdin by default')
    .action(async ({ input }: { input?: string }) => {
      const archive = await openInput(input);
      for await (const { images } of cli.client.both(Images.Load, chunksOf(archive))) {
        for (const { id, repo_tags } of images) {
          for (const name of repo_tags.length > 0 ? repo_tags : [id]) {
            await cli.print(`Loaded image: ${name}\n`);
          }
        }
      }
    });
}

async function* chunksOf(archive: AsyncIterable<Buffer>): AsyncGenerator<{ data: Buffer }> {
  for await (const data of archive) yield { data };
}
