import type { Command } from 'commander';
import { Images, type ImportInput } from '../../cri/generated/keelson.ts';
import type { Draft } from '../../grpc/message.ts';
import type { Cli } from '../cli.ts';
import { openInput } from '../open-input.ts';

export function define(command: Command, cli: Cli): void {
  command
    .option('-c, --change <instruction>', 'such as \'CMD ["sh"]\'', collect, [])
    .argument('<file>', 'a tar archive; - is stdin')
    .argument('[name]', 'of the new image')
    .action(
      async (file: string, name: string | undefined, flags: { change: readonly string[] }) => {
        const archive = await openInput(file);
        const inputs = inputsOf(archive, { name: name ?? '', changes: flags.change });
        for await (const { id } of cli.client.both(Images.Import, inputs))
          await cli.print(`${id}\n`);
      },
    );
}

async function* inputsOf(
  archive: AsyncIterable<Buffer>,
  options: { readonly name: string; readonly changes: readonly string[] },
): AsyncGenerator<Draft<ImportInput>> {
  yield { options };
  for await (const data of archive) yield { data };
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}
