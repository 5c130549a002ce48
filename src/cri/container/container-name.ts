import { randomInt } from 'node:crypto';
import { DomainError } from '../../base/error.ts';

const adjectives = words(
  'amber bold brisk calm clear crisp deft eager early fair fleet fond gentle glad grand keen',
  'kind lively lucid mellow merry neat noble patient plain proud quick quiet ready serene sharp',
  'silent sleek smart solid steady still swift tidy true upbeat vivid warm wise witty young',
);

const ships = words(
  'anchor ballast barge beacon bilge boom bow bridge brig buoy cabin capstan clipper cutter deck',
  'dinghy dock ferry fender frigate galley hatch hawser helm hull jib keel ketch lantern mast',
  'mizzen oar pier pilot porthole prow quay rigging rudder sail schooner sextant skiff sloop',
);

/** A name nobody has chosen: `calm-keel`, with a number once the plain ones are taken. */
export function makeUpName(taken: (name: string) => boolean): string {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const words = `${pick(adjectives)}-${pick(ships)}`;
    const name = attempt < 10 ? words : `${words}-${randomInt(100_000)}`;
    if (!taken(name)) return name;
  }
  throw new DomainError('conflict', 'No free container name found');
}

/** Docker's rule: letters, digits, `_`, `.`, `-`, not beginning with the last three. */
export function checkContainerName(name: string): void {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/.test(name)) return;
  throw new DomainError(
    'invalid',
    `Invalid container name "${name}": letters, digits, "_", "." and "-", up to 128 of them`,
  );
}

function pick(words: readonly string[]): string {
  return words[randomInt(words.length)] ?? '';
}

function words(...lines: string[]): string[] {
  return lines.flatMap((line) => line.split(' '));
}
