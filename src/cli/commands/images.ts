import type { Command } from 'commander';
import { type ImageSummary, Images } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';
import { formatAge, formatSize, shortId } from '../format.ts';
import { type ListingFlags, renderListing } from '../listing.ts';
import { familiarName, matchesName, splitName } from '../image-name.ts';

interface Flags extends ListingFlags {
  readonly trunc: boolean;
  readonly digests?: true;
}

const columns = [
  { title: 'REPOSITORY', field: 'Repository' },
  { title: 'TAG', field: 'Tag' },
  { title: 'IMAGE ID', field: 'ID' },
  { title: 'CREATED', field: 'CreatedSince' },
  { title: 'SIZE', field: 'Size' },
];

export function define(command: Command, cli: Cli): void {
  command
    .option('-q, --quiet', 'ids only')
    .option('--digests', 'digests, too')
    .option('--no-trunc', 'nothing cut off')
    .option('--format <format>', 'json, table, or a template')
    .option('-o, --output <format>', 'json or table')
    .argument('[name]', 'those of this name only')
    .action((name: string | undefined, flags: Flags) => list(cli, name, flags));
}

async function list(cli: Cli, name: string | undefined, flags: Flags): Promise<void> {
  const { images } = await cli.client.call(Images.List, {});
  const rows = images
    .toSorted((a, b) => b.created_at - a.created_at)
    .flatMap((image) => rowsOf(image, flags))
    .filter((row) => name === undefined || matchesName(row, name));
  const digests = { title: 'DIGEST', field: 'Digest' };
  const all =
    flags.digests === true ? [...columns.slice(0, 2), digests, ...columns.slice(2)] : columns;
  if (flags.quiet !== true) return cli.print(renderListing(rows, all, flags));
  // An image with three tags has one id.
  const unique = new Map(rows.map((row) => [row['ID'], row]));
  return cli.print(renderListing([...unique.values()], columns.slice(2), flags));
}

/** A row for each tag; one without a name for an image that has none. */
function rowsOf(image: ImageSummary, flags: Flags): Record<string, unknown>[] {
  const names = image.repo_tags.length > 0 ? image.repo_tags : ['<none>:<none>'];
  return names.map((name) => {
    const { repository, tag } = splitName(name);
    const digest = image.repo_digests.find((item) => item.startsWith(`${repository}@`));
    return {
      Repository: familiarName(repository),
      Tag: tag,
      ID: flags.trunc ? shortId(image.id) : image.id,
      Digest: digest?.split('@')[1] ?? '<none>',
      CreatedSince: formatAge(image.created_at, Date.now()),
      CreatedAt: new Date(image.created_at / 1e6).toISOString(),
      Size: formatSize(image.size_bytes),
      Containers: image.containers,
    };
  });
}
