import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { DomainError } from '../../base/error.ts';
import { Images } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';

interface Flags {
  readonly output?: string;
  readonly format: string;
}

export function define(command: Command, cli: Cli): void {
  command
    .option('-o, --output <path>', 'file to write; stdout by default')
    .option(
      '--format <format>',
      "docker or oci, or Podman's docker-archive and oci-archive",
      'docker',
    )
    .argument('<image...>')
    .action((images: readonly string[], flags: Flags) => save(cli, images, flags));
}

async function save(cli: Cli, images: readonly string[], { output, format }: Flags): Promise<void> {
  if (output === undefined && process.stdout.isTTY) {
    throw new DomainError('invalid', 'An archive is no sight for a terminal: use --output');
  }
  const chunks = dataOf(cli, images, format.replace(/-archive$/, ''));
  if (output === undefined) {
    for await (const data of chunks) await cli.print(data);
    return;
  }
  try {
    await pipeline(chunks, createWriteStream(output));
  } catch (error) {
    await rm(output, { force: true });
    throw error;
  }
}

async function* dataOf(
  cli: Cli,
  images: readonly string[],
  format: string,
): AsyncGenerator<Uint8Array> {
  for await (const { data } of cli.client.answers(Images.Save, { images, format })) yield data;
}
