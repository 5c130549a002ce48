import { createHash } from 'node:crypto';

/** NAME_MAX is 255; what is appended (`.json`, `.new`) must fit as well. */
const maximumBytes = 200;

/**
 * One file name of several names, no two of which can be mistaken for others: a dash cannot part
 * them, for names may have dashes. Container ids have no length limit in the specification, so
 * long names end in a hash.
 */
export function fileNameOf(names: readonly string[]): string {
  const name = names.map(encodeURIComponent).join('+');
  if (name.length <= maximumBytes) return name;
  const hash = createHash('sha256').update(name).digest('hex');
  return `${name.slice(0, maximumBytes - hash.length - 1)}~${hash}`;
}
