import { durationMs } from '../../base/duration.ts';
import { DomainError } from '../../base/error.ts';

/** A time in milliseconds since 1970, or a revision. */
export type PastMoment = { readonly timeMs: number } | { readonly revision: number };

/**
 * `90s`, `10m`, `2h` and `3d` ago; `14:05` or `14:05:30`, the last time it was that; a time of RFC
 * 3339; or a revision. Throws DomainError `invalid`.
 */
export function readPastMoment(text: string, nowMs: number): PastMoment {
  if (/^[1-9]\d{0,15}$/.test(text)) return { revision: Number(text) };
  const ageMs = /^\d{1,9}\D$/.test(text) ? durationMs(text) : undefined;
  if (ageMs !== undefined) return { timeMs: nowMs - ageMs };
  const clock = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(text);
  if (clock !== null) return { timeMs: lastTimeOf(clock.slice(1).map(Number), nowMs) };
  const timeMs = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(timeMs)) return { timeMs };
  const wanted = 'it is not like 10m, 14:05, 2026-01-31T14:05:00Z or a revision';
  throw new DomainError('invalid', `Cannot read the time "${text}": ${wanted}`);
}

function lastTimeOf([hours = 0, minutes = 0, seconds = 0]: number[], nowMs: number): number {
  const time = new Date(nowMs);
  time.setHours(hours, minutes, Number.isNaN(seconds) ? 0 : seconds, 0);
  if (time.getTime() > nowMs) time.setDate(time.getDate() - 1);
  return time.getTime();
}
