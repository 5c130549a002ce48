import { Images } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';
import { ellipsis, formatAge, formatSize, printable } from '../format.ts';
import { type ListingFlags, renderListing } from '../listing.ts';

export interface ImageHistoryFlags extends ListingFlags {
  readonly trunc: boolean;
}

const columns = [
  { title: 'IMAGE', field: 'ID' },
  { title: 'CREATED', field: 'CreatedSince' },
  { title: 'CREATED BY', field: 'CreatedBy' },
  { title: 'SIZE', field: 'Size' },
  { title: 'COMMENT', field: 'Comment' },
];

/** How an image was made, its newest layer first. */
export async function imageHistory(
  cli: Cli,
  image: string,
  flags: ImageHistoryFlags,
): Promise<string> {
  const { entries } = await cli.client.call(Images.History, { image });
  const rows = entries.map((entry) => ({
    ID: entry.id === '' ? '<missing>' : entry.id,
    CreatedSince: formatAge(entry.created_at, Date.now()),
    CreatedBy: printable(flags.trunc ? ellipsis(entry.created_by, 45) : entry.created_by),
    Size: formatSize(entry.size_bytes),
    Comment: printable(entry.comment),
  }));
  return renderListing(rows, columns, flags);
}
