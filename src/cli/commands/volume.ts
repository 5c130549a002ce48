import type { Command } from 'commander';
import { isDomainError, messageOf } from '../../base/error.ts';
import { Volumes, type VolumeSummary } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';
import { confirm } from '../confirm.ts';
import { forEachName } from '../each.ts';
import { formatSize } from '../format.ts';
import { type ListingFlags, renderListing } from '../listing.ts';
import { parsePairs } from '../parse.ts';
import { compileTemplate } from '../template.ts';

interface ForceFlags {
  readonly force?: true;
}

export function define(command: Command, cli: Cli): void {
  command
    .command('create')
    .description('Make a volume')
    .option('--label <label>', 'label KEY=VALUE', (value, all: string[]) => [...all, value], [])
    .argument('[name]', 'made up where it is left out')
    .action((name: string | undefined, flags: { label: string[] }) => create(cli, name, flags));
  command
    .command('ls')
    .description('List volumes')
    .option('-q, --quiet', 'names only')
    .option('--format <format>', 'json, table, or a template')
    .option('-o, --output <format>', 'json or table')
    .action((flags: ListingFlags) => list(cli, flags));
  command
    .command('inspect')
    .description('Show all of volumes')
    .option('-f, --format <template>', "a template, such as '{{.Mountpoint}}'")
    .argument('<name...>')
    .action((names: string[], flags: { format?: string }) => inspect(cli, names, flags));
  command
    .command('rm')
    .description('Remove volumes that no container has')
    .option('-f, --force', 'no complaint when there is none')
    .argument('<name...>')
    .action((names: string[], flags: ForceFlags) =>
      forEachName(cli, names, (name) => remove(cli, name, flags)),
    );
  command
    .command('prune')
    .description('Remove volumes without a name that no container has')
    .option('-a, --all', 'those with a name, too')
    .option('-f, --force', 'without asking')
    .action((flags: ForceFlags & { all?: true }) => prune(cli, flags));
}

async function create(
  cli: Cli,
  name: string | undefined,
  flags: { readonly label: readonly string[] },
): Promise<void> {
  const labels = parsePairs(flags.label, '--label');
  const made = await cli.client.call(Volumes.Create, { name: name ?? '', labels });
  await cli.print(`${made.name}\n`);
}

const columns = [
  { title: 'DRIVER', field: 'Driver' },
  { title: 'VOLUME NAME', field: 'Name' },
];

async function list(cli: Cli, flags: ListingFlags): Promise<void> {
  const { volumes } = await cli.client.call(Volumes.List, {});
  const rows = volumes.map((volume) => ({
    ...documentOf(volume),
    Labels: Object.entries(volume.labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    Containers: volume.containers.join(','),
  }));
  await cli.print(renderListing(rows, flags.quiet === true ? columns.slice(1) : columns, flags));
}

function documentOf({ name, mountpoint, created_at, labels }: VolumeSummary): object {
  return {
    CreatedAt: new Date(created_at / 1e6).toISOString(),
    Driver: 'local',
    Labels: labels,
    Mountpoint: mountpoint,
    Name: name,
    Options: {},
    Scope: 'local',
  };
}

async function inspect(
  cli: Cli,
  names: readonly string[],
  { format }: { readonly format?: string },
): Promise<void> {
  const template = format === undefined ? undefined : compileTemplate(format);
  const documents: object[] = [];
  for (const name of names) {
    try {
      documents.push(documentOf(await cli.client.call(Volumes.Inspect, { name })));
    } catch (error) {
      await cli.printError(`keelson: ${messageOf(error)}\n`);
      cli.fail(1);
    }
  }
  if (template === undefined) await cli.print(`${JSON.stringify(documents, null, 4)}\n`);
  else for (const document of documents) await cli.print(`${template(document)}\n`);
}

async function remove(cli: Cli, name: string, { force }: ForceFlags): Promise<string | undefined> {
  try {
    await cli.client.call(Volumes.Remove, { name });
  } catch (error) {
    if (force !== true || !isDomainError(error, 'notFound')) throw error;
  }
  return undefined;
}

async function prune(cli: Cli, { all, force }: ForceFlags & { all?: true }): Promise<void> {
  const what = all === true ? 'all volumes' : 'all volumes without a name';
  if (force !== true) await confirm(`Remove ${what} that no container has? [y/N] `);
  const { volumes, freed_bytes } = await cli.client.call(Volumes.Prune, { all: all === true });
  for (const name of volumes) await cli.print(`Deleted volume: ${name}\n`);
  await cli.print(`Total reclaimed space: ${formatSize(freed_bytes)}\n`);
}
