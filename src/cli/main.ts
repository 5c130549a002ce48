import { messageOf } from '../base/error.ts';
import { nearest } from '../base/nearest.ts';
import { Cli } from './cli.ts';
import { aliases, commandTable } from './command-table.ts';
import type { CommandEntry } from './command-entry.ts';
import { printable } from './format.ts';

const defaultSocket = '/run/keelson/cri.sock';
/** Docker's code for a mistake on the command line. */
const usageCode = 125;

await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<void> {
  // `keelson ps | head`: whoever read is gone, and so is the reason to go on.
  process.stdout.on('error', () => process.exit(0));
  const { socketPath, rest } = takeSocket(argv);
  const [word, ...args] = rest;
  if (word === undefined || ['help', '--help', '-h'].includes(word)) {
    await help(args[0] ?? '', socketPath);
  } else if (word === '--version' || word === '-v') {
    await runCommand('version', [], socketPath);
  } else {
    await runCommand(aliases[word] ?? word, args, socketPath);
  }
}

async function runCommand(
  name: string,
  args: readonly string[],
  socketPath: string,
): Promise<void> {
  const entry = Object.hasOwn(commandTable, name) ? commandTable[name] : undefined;
  if (entry === undefined) {
    const guess = nearest(name, [...Object.keys(commandTable), ...Object.keys(aliases)]);
    const hint = guess === undefined ? 'see `keelson --help`' : `did you mean "${guess}"?`;
    complain(`Unknown command "${name}": ${hint}`);
    process.exitCode = usageCode;
    return;
  }
  const cli = new Cli(socketPath);
  try {
    await parse({ name, entry, cli }, args);
  } catch (error) {
    complain(messageOf(error));
    process.exitCode = entry.failureCode ?? 1;
  } finally {
    cli.close();
  }
}

async function parse(
  { name, entry, cli }: { name: string; entry: CommandEntry; cli: Cli },
  args: readonly string[],
): Promise<void> {
  const [{ Command, CommanderError }, { define }] = await Promise.all([
    import('commander'),
    entry.load(),
  ]);
  const command = new Command(`keelson ${name}`).description(entry.summary);
  command.exitOverride().showSuggestionAfterError(true);
  command.configureOutput({
    outputError: (text) =>
      complain(
        text
          .trim()
          .replace(/^error: /, '')
          .replace(/\n\(/, ' ('),
      ),
  });
  define(command, cli);
  try {
    await command.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : usageCode;
  }
}

/** `--socket PATH` stands before the command; the variable is for shells and tests. */
function takeSocket(argv: readonly string[]): { socketPath: string; rest: readonly string[] } {
  const [first = '', second] = argv;
  if (first === '--socket' && second !== undefined) {
    return { socketPath: second, rest: argv.slice(2) };
  }
  if (first.startsWith('--socket=')) {
    return { socketPath: first.slice('--socket='.length), rest: argv.slice(1) };
  }
  return { socketPath: process.env['KEELSON_SOCKET'] ?? defaultSocket, rest: argv };
}

async function help(topic: string, socketPath: string): Promise<void> {
  if (Object.hasOwn(commandTable, topic)) return runCommand(topic, ['--help'], socketPath);
  const width = Math.max(...Object.keys(commandTable).map((name) => name.length));
  const lines = Object.entries(commandTable).map(
    ([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`,
  );
  process.stdout.write(
    `Usage: keelson [--socket PATH] COMMAND\n\nCommands:\n${lines.join('\n')}\n\n` +
      'keelson COMMAND --help tells more.\n',
  );
}

/** One line, whatever the message: its parts may come from a registry or an image. */
function complain(message: string): void {
  process.stderr.write(`keelson: ${printable(message.replaceAll('\n', ' '))}\n`);
}
