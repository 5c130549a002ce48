import { DomainError } from '../../base/error.ts';

/** A date as a calendar on the wall has it. */
export interface WallDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** The clocks of a place, as the tz database has them. */
export class TimeZone {
  readonly #format: Intl.DateTimeFormat | undefined;

  /** `Europe/Berlin`. Throws DomainError `invalid`. */
  constructor(name: string) {
    if (name === 'UTC' || name === 'Etc/UTC') return;
    if (!/^[A-Za-z][\w+/-]*$/.test(name) || name === 'Local') throw unknown(name);
    try {
      this.#format = new Intl.DateTimeFormat('en-US', {
        timeZone: name,
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      });
    } catch {
      throw unknown(name);
    }
  }

  dateAt(timeMs: number): WallDate {
    const wall = new Date(timeMs + this.#offsetAt(timeMs));
    return { year: wall.getUTCFullYear(), month: wall.getUTCMonth() + 1, day: wall.getUTCDate() };
  }

  /**
   * When clocks show these minutes of a day, in order: a minute that clocks pass over is never,
   * one that they come back to is twice.
   */
  timesOf({ year, month, day }: WallDate, minutes: readonly number[]): readonly number[] {
    const midnight = Date.UTC(year, month - 1, day);
    // Clocks are at most 14 hours from UTC, and are changed at most once around a day.
    const [before, after] = [midnight - dayMs, midnight + 2 * dayMs];
    const offsets = [...new Set([this.#offsetAt(before), this.#offsetAt(after)])];
    const times = minutes.flatMap((minute) => {
      const wall = midnight + minute * minuteMs;
      if (offsets.length === 1) return [wall - (offsets[0] ?? 0)];
      return offsets
        .map((offset) => wall - offset)
        .filter((time) => time + this.#offsetAt(time) === wall);
    });
    return times.toSorted((a, b) => a - b);
  }

  /** How far clocks are ahead of UTC. */
  #offsetAt(timeMs: number): number {
    if (this.#format === undefined) return 0;
    const part = new Map<string, number>();
    for (const { type, value } of this.#format.formatToParts(timeMs)) part.set(type, Number(value));
    const at = (name: string) => part.get(name) ?? 0;
    const wall = Date.UTC(
      at('year'),
      at('month') - 1,
      at('day'),
      at('hour'),
      at('minute'),
      at('second'),
    );
    return wall - Math.floor(timeMs / 1000) * 1000;
  }
}

function unknown(name: string): DomainError {
  return new DomainError('invalid', `unknown time zone ${name}`);
}
