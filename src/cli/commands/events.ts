import type { Command } from 'commander';
import { type Event, System } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';
import { printable } from '../format.ts';
import { parseMoment } from '../parse.ts';
import { compileTemplate } from '../template.ts';

interface Flags {
  readonly since?: string;
  readonly until?: string;
  readonly format?: string;
  readonly output?: string;
}

export function define(command: Command, cli: Cli): void {
  command
    .option('--since <time>', 'a date, or 10m ago')
    .option('--until <time>', 'a date, or a time from now: 10s')
    .option('--format <format>', 'json or a template')
    .option('-o, --output <format>', 'json')
    .action((flags: Flags) => follow(cli, flags));
}

async function follow(cli: Cli, flags: Flags): Promise<void> {
  const now = Date.now();
  const since = flags.since === undefined ? 0 : parseMoment(flags.since, '--since', now);
  const until = flags.until === undefined ? 0 : untilOf(flags.until, now);
  const json = flags.output === 'json' || flags.format === 'json';
  const template = json || flags.format === undefined ? undefined : compileTemplate(flags.format);
  for await (const event of cli.client.answers(System.Events, { since, until })) {
    const document = documentOf(event);
    if (json) await cli.print(`${JSON.stringify(document)}\n`);
    else await cli.print(`${template === undefined ? lineOf(event) : template(document)}\n`);
  }
}

/** Spans count from now on here: an end in the past would show nothing new. */
function untilOf(text: string, now: number): number {
  const past = parseMoment(text, '--until', now);
  return /^\d{4}-|^\d{9,}/.test(text) ? past : 2 * now * 1e6 - past;
}

function documentOf({ type, action, id, at, attributes }: Event): Record<string, unknown> {
  const time = new Date(at / 1e6).toISOString();
  return { Type: type, Action: action, ID: id, Time: time, Attributes: attributes };
}

function lineOf({ type, action, id, at, attributes }: Event): string {
  const pairs = Object.entries(attributes).map(([key, value]) => `${key}=${value}`);
  const time = new Date(at / 1e6).toISOString();
  return printable(`${time} ${type} ${action} ${id} (${pairs.join(', ')})`);
}
