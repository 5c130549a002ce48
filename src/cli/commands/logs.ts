import type { Command } from 'commander';
import { Containers, type LogEntry } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';
import { parseMoment, parseWhole } from '../parse.ts';

interface Flags {
  readonly follow?: true;
  readonly timestamps?: true;
  readonly tail: string;
  readonly since?: string;
  readonly until?: string;
}

export function define(command: Command, cli: Cli): void {
  command
    .option('-f, --follow', 'go on until it ends')
    .option('-t, --timestamps', 'times before the lines')
    .option('-n, --tail <lines>', 'lines from the end', 'all')
    .option('--since <time>', 'a date, or 10m ago')
    .option('--until <time>', 'a date, or 10m ago')
    .argument('<container>')
    .action((container: string, flags: Flags) => show(cli, container, flags));
}

async function show(cli: Cli, container: string, flags: Flags): Promise<void> {
  const { tail, since, until } = flags;
  const now = Date.now();
  const request = {
    container,
    follow: flags.follow === true,
    tail: tail === 'all' ? undefined : parseWhole(tail, '--tail'),
    since: since === undefined ? 0 : parseMoment(since, '--since', now),
    until: until === undefined ? 0 : parseMoment(until, '--until', now),
  };
  let lineBegins = true;
  for await (const { entries } of cli.client.answers(Containers.Logs, request)) {
    for (const entry of entries) {
      const stamp = flags.timestamps === true && lineBegins ? `${entry.time} ` : '';
      await write(cli, entry, stamp);
      lineBegins = entry.text.at(-1) === 10;
    }
  }
}

async function write(cli: Cli, { error, text }: LogEntry, stamp: string): Promise<void> {
  const bytes = Buffer.concat([Buffer.from(stamp), text]);
  await (error ? cli.printError(bytes) : cli.print(bytes));
}
