import type { Command } from 'commander';
import { probeFeatures } from '../../kernel/feature/feature.ts';
import type { Cli } from '../cli.ts';
import { type ListingFlags, renderListing } from '../listing.ts';

interface Flags extends ListingFlags {
  readonly missing?: true;
}

const columns = [
  { title: 'FEATURE', field: 'Name' },
  { title: 'HERE', field: 'Here' },
  { title: 'FOUND', field: 'Detail' },
  { title: 'WHAT FOLLOWS', field: 'Consequence' },
];

export function define(command: Command, cli: Cli): void {
  command
    .option('--missing', 'only what is not there')
    .option('--format <format>', 'json, table, or a template')
    .option('-o, --output <format>', 'json or table')
    .action(async (flags: Flags) => {
      const features = await probeFeatures();
      const rows = features
        .filter(({ available }) => flags.missing !== true || !available)
        .map(({ name, available, detail, consequence }) => ({
          Name: name,
          Available: available,
          Here: mark(available),
          Detail: detail,
          Consequence: consequence,
        }));
      await cli.print(renderListing(rows, columns, flags));
    });
}

/** Colours on a terminal alone, and as wide as each other so that columns stay in line. */
function mark(available: boolean): string {
  const word = available ? 'yes' : 'no ';
  if (!process.stdout.isTTY || process.env['NO_COLOR'] !== undefined) return word.trim();
  return `\x1b[${available ? 32 : 33}m${word}\x1b[0m`;
}
