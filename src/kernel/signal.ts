import { constants } from 'node:os';
import { DomainError } from '../base/error.ts';

/** The real-time signals as C programs see them: glibc keeps the kernel's 32 and 33 for itself. */
const realTimeFirst = 34;
const realTimeLast = 64;

/** Names of one number that Node lists second. */
const aliases: ReadonlySet<string> = new Set(['SIGIOT', 'SIGPOLL', 'SIGUNUSED', 'SIGCLD']);

/**
 * A signal's number: by number, by name with or without `SIG`, in any case, and by `RTMIN+3` or
 * `RTMAX-3`, as image configurations and users write it.
 * Throws DomainError `invalid` for what is none.
 */
export function signalNumber(signal: string | number): number {
  const text = String(signal).trim().toUpperCase();
  const number = /^[0-9]+$/.test(text) ? Number(text) : byName(text.replace(/^SIG/, ''));
  if (number !== undefined && number >= 1 && number <= realTimeLast) return number;
  throw new DomainError('invalid', `"${signal}" is no signal`);
}

/** The name, with `SIG`; `SIGRTMIN+n` for real-time signals. */
export function signalName(number: number): string {
  const named = Object.entries(constants.signals).find(
    ([name, each]) => each === number && !aliases.has(name),
  );
  if (named !== undefined) return named[0];
  if (number === realTimeFirst) return 'SIGRTMIN';
  if (number > realTimeFirst && number <= realTimeLast) return `SIGRTMIN+${number - realTimeFirst}`;
  throw new DomainError('invalid', `${number} is no signal`);
}

function byName(name: string): number | undefined {
  const match = /^RT(MIN|MAX)(?:([+-])([0-9]{1,2}))?$/.exec(name);
  if (match === null) {
    const numbers: Readonly<Record<string, number>> = constants.signals;
    if (name === 'CLD') return constants.signals.SIGCHLD;
    return Object.hasOwn(numbers, `SIG${name}`) ? numbers[`SIG${name}`] : undefined;
  }
  const distance = Number(match[3] ?? 0);
  if (match[1] === 'MIN' && match[2] !== '-') return inRealTime(realTimeFirst + distance);
  if (match[1] === 'MAX' && match[2] !== '+') return inRealTime(realTimeLast - distance);
  return undefined;
}

function inRealTime(number: number): number | undefined {
  return number >= realTimeFirst && number <= realTimeLast ? number : undefined;
}
