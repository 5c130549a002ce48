import { Command } from 'commander';
import { DomainError } from '../../base/error.ts';
import { Cli } from '../cli.ts';
import type { CommandEntry, CommandModule } from '../command-entry.ts';
import { completionScript, type CompletionCommand } from '../completion-script.ts';

export type CommandTable = Readonly<Record<string, CommandEntry>>;

/** The command that completes the commands of a table, itself among them. */
export function completionOf(table: CommandTable): CommandModule {
  const define: CommandModule['define'] = (command, cli) => {
    command.argument('<shell>', 'bash, zsh or fish').action(async (shell: string) => {
      if (shell !== 'bash' && shell !== 'zsh' && shell !== 'fish') {
        throw new DomainError('invalid', `No completion for "${shell}": bash, zsh or fish`);
      }
      await cli.print(completionScript(shell, await describeCommands(table)));
    });
  };
  return { define };
}

/** Every command with its flags, from the definitions themselves. */
export async function describeCommands(table: CommandTable): Promise<CompletionCommand[]> {
  const entries = Object.entries(table);
  return Promise.all(
    entries.map(async ([name, { summary, load }]) => {
      const command = new Command(name);
      (await load()).define(command, new Cli(''));
      const flags = command.options.flatMap(({ short, long, description }) =>
        [short, long].flatMap((flag) => (typeof flag === 'string' ? [{ flag, description }] : [])),
      );
      const words = command.commands.map((inner) => inner.name());
      const [argument] = command.registeredArguments;
      return { name, summary, flags, words, argument: argument?.name() ?? '' };
    }),
  );
}
