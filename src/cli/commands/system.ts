import type { Command } from 'commander';
import { type DiskUseResponse, System } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';
import { confirm } from '../confirm.ts';
import { formatAge, formatSize, shortId } from '../format.ts';
import { familiarName, splitName } from '../image-name.ts';
import { type ListingFlags, renderListing } from '../listing.ts';
import { statusText } from '../status-text.ts';

interface PruneFlags {
  readonly all?: true;
  readonly force?: true;
}

export function define(command: Command, cli: Cli): void {
  command
    .command('df')
    .description('Show what takes room on the disk')
    .option('-v, --verbose', 'each image and container')
    .option('--format <format>', 'json, table, or a template')
    .option('-o, --output <format>', 'json or table')
    .action((flags: ListingFlags & { verbose?: true }) => showUse(cli, flags));
  command
    .command('prune')
    .description('Remove ended containers, and images without a name')
    .option('-a, --all', 'all images that no container uses')
    .option('-f, --force', 'without asking')
    .action((flags: PruneFlags) => prune(cli, flags));
}

async function showUse(cli: Cli, flags: ListingFlags & { verbose?: true }): Promise<void> {
  const use = await cli.client.call(System.DiskUse, {});
  if (flags.verbose !== true) {
    await cli.print(renderListing(summaryRows(use), summaryColumns, flags));
    return;
  }
  await cli.print('Images space usage:\n\n');
  await cli.print(renderListing(imageRows(use), imageColumns, flags));
  await cli.print('\nContainers space usage:\n\n');
  await cli.print(renderListing(containerRows(use), containerColumns, flags));
}

const summaryColumns = [
  { title: 'TYPE', field: 'Type' },
  { title: 'TOTAL', field: 'TotalCount' },
  { title: 'ACTIVE', field: 'Active' },
  { title: 'SIZE', field: 'Size' },
  { title: 'RECLAIMABLE', field: 'Reclaimable' },
];

function summaryRows({
  images,
  containers,
  reclaimable_bytes,
}: DiskUseResponse): Record<string, unknown>[] {
  const shared = Math.max(0, ...images.map(({ shared_bytes }) => shared_bytes));
  const running = containers.filter(({ container }) => container?.state === 'running');
  return [
    {
      Type: 'Images',
      TotalCount: images.length,
      Active: images.filter(({ image }) => (image?.containers ?? 0) > 0).length,
      Size: formatSize(sum(images.map(({ unique_bytes }) => unique_bytes)) + shared),
      Reclaimable: formatSize(reclaimable_bytes),
    },
    {
      Type: 'Containers',
      TotalCount: containers.length,
      Active: running.length,
      Size: formatSize(sum(containers.map(({ bytes }) => bytes))),
      Reclaimable: formatSize(
        sum(containers.filter((item) => !running.includes(item)).map(({ bytes }) => bytes)),
      ),
    },
  ];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

const imageColumns = [
  { title: 'REPOSITORY', field: 'Repository' },
  { title: 'TAG', field: 'Tag' },
  { title: 'IMAGE ID', field: 'ID' },
  { title: 'CREATED', field: 'CreatedSince' },
  { title: 'SIZE', field: 'Size' },
  { title: 'SHARED SIZE', field: 'SharedSize' },
  { title: 'UNIQUE SIZE', field: 'UniqueSize' },
  { title: 'CONTAINERS', field: 'Containers' },
];

function imageRows({ images }: DiskUseResponse): Record<string, unknown>[] {
  return images.map(({ image, shared_bytes, unique_bytes }) => {
    const { repository, tag } = splitName(image?.repo_tags[0] ?? '<none>:<none>');
    return {
      Repository: familiarName(repository),
      Tag: tag,
      ID: shortId(image?.id ?? ''),
      CreatedSince: formatAge(image?.created_at ?? 0, Date.now()),
      Size: formatSize(shared_bytes + unique_bytes),
      SharedSize: formatSize(shared_bytes),
      UniqueSize: formatSize(unique_bytes),
      Containers: image?.containers ?? 0,
    };
  });
}

const containerColumns = [
  { title: 'CONTAINER ID', field: 'ID' },
  { title: 'IMAGE', field: 'Image' },
  { title: 'SIZE', field: 'Size' },
  { title: 'STATUS', field: 'Status' },
  { title: 'NAMES', field: 'Names' },
];

function containerRows({ containers }: DiskUseResponse): Record<string, unknown>[] {
  return containers.flatMap(({ container, bytes }) =>
    container === undefined
      ? []
      : [
          {
            ID: shortId(container.id),
            Image: container.image,
            Size: formatSize(bytes),
            Status: statusText(container, Date.now()),
            Names: container.name,
          },
        ],
  );
}

async function prune(cli: Cli, { all, force }: PruneFlags): Promise<void> {
  const what = all === true ? 'images that no container uses' : 'images without a name';
  if (force !== true) await confirm(`Remove all ended containers, and ${what}? [y/N] `);
  const request = { containers: true, images: true, all_images: all === true };
  const { containers, images, freed_bytes } = await cli.client.call(System.Prune, request);
  for (const id of containers) await cli.print(`Deleted container: ${id}\n`);
  for (const id of images) await cli.print(`Deleted image: ${id}\n`);
  await cli.print(`Total reclaimed space: ${formatSize(freed_bytes)}\n`);
}
