import type { Command } from 'commander';
import { Containers } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';
import { createRequest } from '../create-request.ts';
import { reserveIdFile } from '../id-file.ts';
import { provideImage } from '../provide-image.ts';
import { readRunFiles } from '../read-files.ts';
import { addRunFlags, type RunFlags } from '../run-flags.ts';

export function define(command: Command, cli: Cli): void {
  addRunFlags(command)
    .argument('<image>', 'image to run')
    .argument('[command...]', "in place of the image's command")
    .passThroughOptions()
    .action(async (image: string, words: readonly string[], flags: RunFlags) => {
      const request = createRequest(flags, [image, ...words], await readRunFiles(flags));
      await using idFile = await reserveIdFile(flags.cidfile);
      await provideImage(cli, flags, image);
      const { id, warnings } = await cli.client.call(Containers.Create, request);
      for (const warning of warnings) await cli.printError(`keelson: warning: ${warning}\n`);
      await idFile.write(id);
      await cli.print(`${id}\n`);
    });
}
