import type { Command } from 'commander';
import { Containers } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';
import { reserveIdFile } from '../id-file.ts';
import { createRequest } from '../create-request.ts';
import { readRunFiles } from '../read-files.ts';
import { addRunFlags, type RunFlags } from '../run-flags.ts';
import { provideImage } from '../provide-image.ts';
import { runSession } from '../session.ts';

export function define(command: Command, cli: Cli): void {
  addRunFlags(command)
    .option('-d, --detach', 'leave it running and print its id')
    .option('--detach-keys <keys>', 'keys that leave it running', 'ctrl-p,ctrl-q')
    .option('--no-sig-proxy', 'keep signals here')
    .argument('<image>', 'image to run')
    .argument('[command...]', "in place of the image's command")
    .passThroughOptions()
    .action(async (image: string, words: readonly string[], flags: RunFlags) => {
      await run(cli, flags, [image, ...words]);
    });
}

async function run(cli: Cli, flags: RunFlags, words: readonly string[]): Promise<void> {
  const request = createRequest(flags, words, await readRunFiles(flags));
  await using idFile = await reserveIdFile(flags.cidfile);
  await provideImage(cli, flags, words[0] ?? '');
  if (flags.detach === true) {
    const { id, warnings } = await cli.client.call(Containers.Create, request);
    await warn(cli, warnings);
    await startOrRemove(cli, id);
    await idFile.write(id);
    await cli.print(`${id}\n`);
    return;
  }
  const code = await runSession(cli, {
    method: Containers.Run,
    first: { create: request },
    stdin: flags.interactive === true,
    terminal: flags.tty === true,
    detachKeys: flags.detachKeys ?? '',
    proxySignals: flags.sigProxy,
    onStart: async (id, warnings) => {
      await warn(cli, warnings);
      await idFile.write(id);
    },
  });
  if (code !== undefined) process.exitCode = code;
}

/** A container that cannot start is not left behind: nobody has its id yet. */
async function startOrRemove(cli: Cli, container: string): Promise<void> {
  try {
    await cli.client.call(Containers.Start, { container });
  } catch (error) {
    await cli.client.call(Containers.Remove, { container, force: true, volumes: true });
    throw error;
  }
}

export async function warn(cli: Cli, warnings: readonly string[]): Promise<void> {
  for (const warning of warnings) await cli.printError(`keelson: warning: ${warning}\n`);
}
