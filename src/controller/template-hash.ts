import { isList, isObject, type Json } from '../api/json.ts';

/** No vowels, and nothing that looks like another, as names of the API's own are. */
const letters = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * A short word for a value; different for different values, with a number to try again where two
 * are the same by chance. The order of keys does not count.
 */
export function hashOf(value: Json | undefined, collisions = 0): string {
  let hash = 0x811c9dc5;
  const text = canonical(value) + (collisions > 0 ? `#${collisions}` : '');
  for (const byte of Buffer.from(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return safeWord(mix(hash));
}

/** The digits of a number as Kubernetes writes them in such words: `7fb84d8d4f`. */
function safeWord(number: number): string {
  return String(number).replace(/\d/g, (digit) =>
    letters.charAt(digit.charCodeAt(0) % letters.length),
  );
}

/** Spreads what differs in the last bytes alone. */
function mix(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** JSON with sorted keys and without what is not set. */
export function canonical(value: Json | undefined): string {
  if (isList(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value ?? null);
  const fields = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .toSorted()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${fields.join(',')}}`;
}
