import type { Command } from 'commander';
import { isDomainError, messageOf } from '../../base/error.ts';
import { Containers, Images } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';
import { compileTemplate } from '../template.ts';

interface Flags {
  readonly size?: true;
  readonly format?: string;
  readonly type?: string;
}

export function define(command: Command, cli: Cli): void {
  command
    .option('-s, --size', 'sizes, too')
    .option('-f, --format <template>', "a template, such as '{{.State.Pid}}'")
    .option('--type <type>', 'container or image')
    .argument('<name...>', 'containers or images')
    .action((names: readonly string[], flags: Flags) => inspect(cli, names, flags));
}

async function inspect(cli: Cli, names: readonly string[], flags: Flags): Promise<void> {
  const template = flags.format === undefined ? undefined : compileTemplate(flags.format);
  const documents: unknown[] = [];
  for (const name of names) {
    try {
      documents.push(await find(cli, name, flags));
    } catch (error) {
      await cli.printError(`keelson: ${messageOf(error)}\n`);
      cli.fail(1);
    }
  }
  if (template === undefined) await cli.print(`${JSON.stringify(documents, null, 4)}\n`);
  else for (const document of documents) await cli.print(`${template(document)}\n`);
}

/** A container, or where there is none an image of the name. */
async function find(cli: Cli, name: string, flags: Flags): Promise<unknown> {
  try {
    if (flags.type === 'image') return await findImage(cli, name);
    const size = flags.size === true;
    const { json } = await cli.client.call(Containers.Inspect, { container: name, size });
    return JSON.parse(Buffer.from(json).toString());
  } catch (error) {
    if (flags.type !== undefined || !isDomainError(error, 'notFound')) throw error;
    return findImage(cli, name);
  }
}

async function findImage(cli: Cli, image: string): Promise<unknown> {
  const { json } = await cli.client.call(Images.Inspect, { image });
  return JSON.parse(Buffer.from(json).toString());
}
