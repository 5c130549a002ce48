import { nestedKeyed } from './interface-file.ts';

/** Shares of time (0 to 100 percent) in which tasks waited for a resource, and the whole time. */
export interface PressureTimes {
  readonly last10Seconds: number;
  readonly last60Seconds: number;
  readonly last300Seconds: number;
  readonly totalMicroseconds: number;
}

/** Pressure stall information (Documentation/accounting/psi.rst). */
export interface Pressure {
  /** At least one task waited. */
  readonly some: PressureTimes;
  /** All tasks waited at once. Kernels before 5.13 do not tell it for the CPU. */
  readonly full: PressureTimes | undefined;
}

/**
 * ```
 * some avg10=0.00 avg60=0.00 avg300=0.00 total=0
 * full avg10=0.00 avg60=0.00 avg300=0.00 total=0
 * ```
 */
export function parsePressure(text: string): Pressure | undefined {
  const lines = nestedKeyed(text);
  const some = timesOf(lines.get('some'));
  return some === undefined ? undefined : { some, full: timesOf(lines.get('full')) };
}

function timesOf(fields: ReadonlyMap<string, string> | undefined): PressureTimes | undefined {
  if (fields === undefined) return undefined;
  return {
    last10Seconds: Number(fields.get('avg10')),
    last60Seconds: Number(fields.get('avg60')),
    last300Seconds: Number(fields.get('avg300')),
    totalMicroseconds: Number(fields.get('total')),
  };
}
