import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';

const pollMs = 25;
/** Far longer than anything takes that comes at all: the machine may be slow, and busy. */
export const patienceMs = Number(process.env['KEELSON_PATIENCE'] ?? 180) * 1000;

/** Looks until what is seen is so, and gives it; throws with what was seen last. */
export async function until<T>(
  look: () => T | Promise<T>,
  isSo: (seen: T) => boolean = Boolean,
): Promise<T> {
  for (const end = performance.now() + patienceMs; ; await delay(pollMs)) {
    const seen = await look();
    if (isSo(seen)) return seen;
    if (performance.now() > end) {
      throw new Error(`Not so in ${patienceMs / 1000} s; last seen: ${inspect(seen)}`);
    }
  }
}
