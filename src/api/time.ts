import { DomainError } from '../base/error.ts';

const pattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** RFC 3339 in UTC and whole seconds, as the API writes times. Throws DomainError `invalid`. */
export function canonicalTime(text: string): string {
  return writeTime(parseTime(text).seconds);
}

/** The same with six digits of a second. */
export function canonicalMicroTime(text: string): string {
  const { seconds, microseconds } = parseTime(text);
  return writeMicroTime(seconds, microseconds);
}

/** Seconds since 1970. */
export function writeTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}

export function writeMicroTime(seconds: number, microseconds: number): string {
  const digits = String(microseconds).padStart(6, '0');
  return writeTime(seconds).replace(/Z$/, `.${digits}Z`);
}

function parseTime(text: string): { seconds: number; microseconds: number } {
  const match = pattern.exec(text);
  const milliseconds = match === null ? NaN : Date.parse(`${match[1] ?? ''}${match[3] ?? ''}`);
  if (Number.isNaN(milliseconds)) {
    throw new DomainError('invalid', `parsing time ${JSON.stringify(text)}: not RFC 3339`);
  }
  const fraction = (match?.[2] ?? '.').slice(1).padEnd(6, '0').slice(0, 6);
  return { seconds: milliseconds / 1000, microseconds: Number(fraction) };
}
