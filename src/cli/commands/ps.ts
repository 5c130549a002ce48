import type { Command } from 'commander';
import { DomainError } from '../../base/error.ts';
import { nearest } from '../../base/nearest.ts';
import { Containers, type ContainerSummary } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';
import { ellipsis, formatAge, formatSize, printable, shortId } from '../format.ts';
import { type ListingFlags, renderListing } from '../listing.ts';
import { statusText } from '../status-text.ts';

interface Flags extends ListingFlags {
  readonly all?: true;
  readonly latest?: true;
  readonly last?: string;
  readonly size?: true;
  readonly trunc: boolean;
  readonly filter: readonly string[];
}

const columns = [
  { title: 'CONTAINER ID', field: 'ID' },
  { title: 'IMAGE', field: 'Image' },
  { title: 'COMMAND', field: 'Command' },
  { title: 'CREATED', field: 'RunningFor' },
  { title: 'STATUS', field: 'Status' },
  { title: 'PORTS', field: 'Ports' },
  { title: 'NAMES', field: 'Names' },
];

export function define(command: Command, cli: Cli): void {
  command
    .option('-a, --all', 'those that do not run, too')
    .option('-l, --latest', 'the newest one, whatever its state')
    .option('-q, --quiet', 'ids only')
    .option('-s, --size', 'sizes, too')
    .option('--no-trunc', 'nothing cut off')
    .option('--format <format>', 'json, table, or a template')
    .option('-o, --output <format>', 'json or table')
    .option(
      '-f, --filter <filter>',
      'KEY=VALUE; keys: ' + Object.keys(filters).join(', '),
      collect,
      [],
    )
    .action((flags: Flags) => list(cli, flags));
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

async function list(cli: Cli, flags: Flags): Promise<void> {
  const tests = flags.filter.map(parseFilter);
  const asksState = flags.filter.some((filter) => /^(status|exited)=/.test(filter));
  const all = flags.all === true || flags.latest === true || asksState;
  const sizes = flags.size === true;
  const { containers } = await cli.client.call(Containers.List, { all, sizes });
  const newest = containers
    .filter((container) => tests.every((test) => test(container)))
    .toSorted((a, b) => b.created_at - a.created_at);
  const shown = flags.latest === true ? newest.slice(0, 1) : newest;
  const rows = shown.map((container) => rowOf(container, flags));
  const sized = [...columns, { title: 'SIZE', field: 'Size' }];
  await cli.print(renderListing(rows, sizes ? sized : columns, flags));
}

function rowOf(container: ContainerSummary, flags: Flags): Record<string, unknown> {
  const now = Date.now();
  const full = !flags.trunc;
  const command = `"${printable(container.command.join(' '))}"`;
  return {
    ID: full ? container.id : shortId(container.id),
    Image: container.image,
    Command: full ? command : `${ellipsis(command.slice(0, -1), 20)}"`,
    CreatedAt: new Date(container.created_at / 1e6).toISOString(),
    RunningFor: formatAge(container.created_at, now),
    Status: statusText(container, now),
    State: container.state,
    Ports: container.ports.join(', '),
    Names: container.name,
    Labels: flags.output === 'json' ? container.labels : labelText(container.labels),
    Mounts: container.mounts.join(','),
    Networks: container.network,
    Pid: container.pid,
    ExitCode: container.exit_code,
    Pod: container.pod_name,
    Size: `${formatSize(container.writable_bytes)} (virtual ${formatSize(
      container.writable_bytes + container.image_bytes,
    )})`,
  };
}

function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

type Test = (container: ContainerSummary) => boolean;

const filters: Readonly<Record<string, (value: string) => Test>> = {
  id: (value) => (container) => container.id.startsWith(value),
  name: (value) => {
    const pattern = new RegExp(value);
    return (container) => pattern.test(container.name);
  },
  label: (value) => (container) => {
    const [key = '', ...rest] = value.split('=');
    const held = Object.hasOwn(container.labels, key) ? container.labels[key] : undefined;
    return held !== undefined && (rest.length === 0 || held === rest.join('='));
  },
  status: (value) => (container) => container.state === value,
  exited: (value) => (container) =>
    container.state === 'exited' && String(container.exit_code) === value,
  ancestor: (value) => (container) =>
    [container.image, container.image_id].some((name) => name.startsWith(value)),
  pod: (value) => (container) => container.pod_id.startsWith(value),
  network: (value) => (container) => container.network === value,
};

function parseFilter(text: string): Test {
  const at = text.indexOf('=');
  const key = at < 0 ? text : text.slice(0, at);
  const make = Object.hasOwn(filters, key) ? filters[key] : undefined;
  if (make !== undefined && at > 0) return make(text.slice(at + 1));
  const guess = nearest(key, Object.keys(filters));
  const hint = guess === undefined ? '' : `; did you mean "${guess}=..."?`;
  throw new DomainError('invalid', `Invalid filter "${text}"${hint}`);
}
