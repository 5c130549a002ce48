import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { splitName } from '../image-name.ts';
import { pullImage } from '../pull-image.ts';

interface Flags {
  readonly platform?: string;
  readonly quiet?: true;
}

export function define(command: Command, cli: Cli): void {
  command
    .option('--platform <platform>', 'linux/arm64')
    .option('-q, --quiet', 'the name only')
    .argument('<image>')
    .action(async (image: string, { platform = '', quiet }: Flags) => {
      const named = image.includes('@') || splitName(image).repository !== image;
      if (!named && quiet !== true) await cli.print('Using default tag: latest\n');
      const stream = quiet === true ? process.stderr : process.stdout;
      const pulled = await pullImage(cli, { image, platform }, stream);
      const digest = pulled.repo_digests[0]?.split('@')[1];
      if (quiet !== true && digest !== undefined) await cli.print(`Digest: ${digest}\n`);
      await cli.print(`${pulled.repo_tags.find((tag) => tag.includes(image)) ?? image}\n`);
    });
}
