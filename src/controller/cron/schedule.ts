import { DomainError } from '../../base/error.ts';
import { TimeZone, type WallDate } from './time-zone.ts';

interface Field {
  readonly name: string;
  readonly first: number;
  readonly last: number;
  readonly words?: readonly string[];
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun'];
const laterMonths = ['jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const fields: readonly Field[] = [
  { name: 'minute', first: 0, last: 59 },
  { name: 'hour', first: 0, last: 23 },
  { name: 'day of month', first: 1, last: 31 },
  { name: 'month', first: 1, last: 12, words: ['', ...months, ...laterMonths] },
  { name: 'day of week', first: 0, last: 6, words: days },
];

const nicknames: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** A schedule that fits no day within five years never comes: the 30th of February. */
const farthestDays = 5 * 366;
const longestText = 1024;

/** Values of a field that fit, and whether it was left open by a star. */
interface Choice {
  readonly values: ReadonlySet<number>;
  readonly open: boolean;
}

/**
 * Minutes that fit `0 9-17/2 * jan-jun mon`, by the clocks of a time zone: what a change of the
 * clocks leaves out does not come, and what it repeats comes twice, as in Kubernetes.
 */
export class Schedule {
  readonly #zone: TimeZone;
  readonly #everyMs: number | undefined;
  readonly #choices: readonly Choice[];

  /** Throws DomainError `invalid`, also for a time zone that nobody knows. */
  constructor(text: string, timeZone = 'UTC') {
    if (text.length > longestText) throw invalid(`the schedule is too long`);
    this.#zone = new TimeZone(timeZone);
    const trimmed = text.trim();
    this.#everyMs = everyOf(trimmed);
    this.#choices = this.#everyMs === undefined ? parse(nicknames[trimmed] ?? trimmed) : [];
  }

  /** The first time after this one, in milliseconds; undefined when there is none. */
  next(afterMs: number): number | undefined {
    if (this.#everyMs !== undefined) return wholeSecond(afterMs) + this.#everyMs;
    let date = this.#zone.dateAt(afterMs);
    for (let day = 0; day <= farthestDays; day += 1) {
      const found = this.#timesOn(date).find((time) => time > afterMs);
      if (found !== undefined) return found;
      date = shifted(date, 1);
    }
    return undefined;
  }

  /** The last time up to this one, and not before the other. */
  last(upToMs: number, earliestMs: number): number | undefined {
    if (this.#everyMs !== undefined) return this.#lastOfEvery(upToMs, earliestMs);
    let date = this.#zone.dateAt(upToMs);
    for (let day = 0; day <= farthestDays; day += 1) {
      const found = this.#timesOn(date).findLast((time) => time <= upToMs);
      if (found !== undefined) return found > earliestMs ? found : undefined;
      date = shifted(date, -1);
      if (Date.UTC(date.year, date.month - 1, date.day + 3) < earliestMs) return undefined;
    }
    return undefined;
  }

  #lastOfEvery(upToMs: number, earliestMs: number): number | undefined {
    const every = this.#everyMs ?? 1;
    const count = Math.floor((upToMs - wholeSecond(earliestMs)) / every);
    return count > 0 ? wholeSecond(earliestMs) + count * every : undefined;
  }

  #timesOn(date: WallDate): readonly number[] {
    if (!this.#fits(date)) return [];
    const [minutes, hours] = this.#choices;
    const wall = [...(hours?.values ?? [])].flatMap((hour) =>
      [...(minutes?.values ?? [])].map((minute) => hour * 60 + minute),
    );
    return this.#zone.timesOf(date, wall);
  }

  /** Of the two kinds of day both have to fit, or one where neither was left open. */
  #fits({ year, month, day }: WallDate): boolean {
    const [, , ofMonth, inMonth, ofWeek] = this.#choices;
    if (ofMonth === undefined || ofWeek === undefined) return false;
    if (inMonth?.values.has(month) !== true) return false;
    const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
    const fitsMonth = ofMonth.values.has(day);
    const fitsWeek = ofWeek.values.has(weekday);
    return ofMonth.open || ofWeek.open ? fitsMonth && fitsWeek : fitsMonth || fitsWeek;
  }
}

const units: Readonly<Record<string, number>> = { h: 3600_000, m: 60_000, s: 1000 };

function everyOf(text: string): number | undefined {
  if (!text.startsWith('@every ')) return undefined;
  const parts = [...text.slice('@every '.length).matchAll(/(\d{1,9})([hms])/g)];
  const whole = parts.map(([part]) => part).join('');
  const total = parts.reduce((sum, [, n, unit = '']) => sum + Number(n) * (units[unit] ?? 0), 0);
  if (whole !== text.slice('@every '.length) || total < 1000) {
    throw invalid(`failed to parse duration ${text}`);
  }
  return total;
}

function wholeSecond(timeMs: number): number {
  return Math.floor(timeMs / 1000) * 1000;
}

function parse(text: string): readonly Choice[] {
  if (text.startsWith('@')) throw invalid(`unrecognized descriptor: ${text}`);
  const words = text.split(/\s+/);
  if (words.length !== fields.length) {
    const given = words.map((word) => JSON.stringify(word)).join(' ');
    throw invalid(`expected exactly 5 fields, found ${words.length}: [${given}]`);
  }
  return fields.map((field, index) => parseField(field, words[index] ?? ''));
}

function parseField(field: Field, text: string): Choice {
  const parts = text.split(',').map((part) => parsePart(field, part));
  return {
    values: new Set(parts.flatMap(({ values }) => values).toSorted((a, b) => a - b)),
    open: parts.some(({ open }) => open),
  };
}

/** `*`, `*`/n, a, a-b, a-b/n, a/n (which goes on to the end). */
function parsePart(field: Field, text: string): { values: number[]; open: boolean } {
  const [range = '', step, ...more] = text.split('/');
  if (more.length > 0) throw invalid(`too many slashes: ${text}`);
  const by = step === undefined ? 1 : numberOf(step);
  if (by === 0) throw invalid(`step of range should be a positive number: ${text}`);
  const any = range === '*' || range === '?';
  const [from = '', to, ...rest] = any ? [] : range.split('-');
  if (rest.length > 0) throw invalid(`too many hyphens: ${text}`);
  const first = any ? field.first : valueOf(field, from);
  const single = step === undefined ? first : field.last;
  const last = any ? field.last : to === undefined ? single : valueOf(field, to);
  check(field, { first, last, text });
  const values = [];
  for (let value = first; value <= last; value += by) values.push(value);
  // A star with a step is a choice like any other.
  return { values, open: any && by === 1 };
}

function check(
  { first: least, last: most }: Field,
  { first, last, text }: { readonly first: number; readonly last: number; readonly text: string },
): void {
  if (first < least)
    throw invalid(`beginning of range (${first}) below minimum (${least}): ${text}`);
  if (last > most) throw invalid(`end of range (${last}) above maximum (${most}): ${text}`);
  if (first > last) {
    throw invalid(`beginning of range (${first}) beyond end of range (${last}): ${text}`);
  }
}

function valueOf({ words }: Field, text: string): number {
  const index = words?.indexOf(text.toLowerCase()) ?? -1;
  return index >= 0 && text !== '' ? index : numberOf(text);
}

function numberOf(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw invalid(`failed to parse int from ${text}`);
  return Number(text);
}

function shifted({ year, month, day }: WallDate, by: number): WallDate {
  const date = new Date(Date.UTC(year, month - 1, day + by));
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

function invalid(message: string): DomainError {
  return new DomainError('invalid', message);
}
