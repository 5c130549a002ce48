import type { Command } from 'commander';
import { DomainError } from '../../base/error.ts';
import type { Cli } from '../cli.ts';
import type { ImageHistoryFlags } from '../history/image-history.ts';
import type { ObjectHistoryFlags } from '../history/object-history.ts';

type Flags = ImageHistoryFlags & ObjectHistoryFlags;

const help = `
One argument is an image of this node: how it was made. Two are a kind and a name in the cluster,
such as "deployment web": what changed it, when, and what it was before, as long as the coordinator
keeps its history (--history-age, --history-bytes), also when it is deleted.

  keelson history alpine
  keelson history deployment web
  keelson history deployment web --diff
  keelson history configmap settings -n blue --at 10m
  keelson history configmap settings -n blue --at 2026-01-31T14:05:00Z --diff
`;

export function define(command: Command, cli: Cli): void {
  command
    .usage('[options] IMAGE | KIND NAME')
    .option('--no-trunc', 'of an image: nothing cut off')
    .option('--format <format>', 'of an image: json, table, or a template')
    .option('-o, --output <format>', 'json or table; with --at json or yaml')
    .option('-n, --namespace <name>', "the object's namespace", 'default')
    .option('--at <time>', 'the object as it was: 10m, 14:05, a time of RFC 3339, a revision')
    .option('--diff', 'what each change changed; with --at what is different since')
    .option('--last <number>', 'at most so many of the newest changes', '100')
    .option(
      '--kubeconfig <path>',
      'how to reach the coordinator (default: $KUBECONFIG, or its own)',
    )
    .argument('<image or kind>')
    .argument('[name]')
    .addHelpText('after', help)
    .action(async (word: string, second: string | undefined, flags: Flags) => {
      const [first, name] = second === undefined ? await partsOf(word) : [word, second];
      checkFlags(command, name);
      if (name === undefined) {
        const { imageHistory } = await import('../history/image-history.ts');
        await cli.print(await imageHistory(cli, first, flags));
        return;
      }
      const { objectHistory } = await import('../history/object-history.ts');
      await cli.print(await objectHistory([first, name], flags));
    });
}

/** `deployment/web` as kubectl has it; `library/alpine` is an image. */
async function partsOf(word: string): Promise<readonly [string, string | undefined]> {
  const [kind = '', name = '', ...rest] = word.split('/');
  if (name === '' || rest.length > 0) return [word, undefined];
  const { isKindWord } = await import('../history/find-kind.ts');
  return isKindWord(kind) ? [kind, name] : [word, undefined];
}

/** A flag of the one would be silently passed over by the other. */
function checkFlags(command: Command, name: string | undefined): void {
  const [others, what] =
    name === undefined
      ? [['namespace', 'at', 'diff', 'last', 'kubeconfig'], 'an object: KIND NAME']
      : [['trunc', 'format'], 'an image'];
  for (const flag of others) {
    if (command.getOptionValueSource(flag) !== 'cli') continue;
    const shown = flag === 'trunc' ? 'no-trunc' : flag;
    throw new DomainError('invalid', `--${shown} is for the history of ${what}`);
  }
}
