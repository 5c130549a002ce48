import { constants } from 'node:os';
import { DomainError } from '../../base/error.ts';
import { Signal } from '../generated/runtime.ts';

const [realTimeMinimum, realTimeMaximum] = [34, 64];

/** `SIGTERM` for TERM, SIGTERM, sigterm or 15; real-time ones as SIGRTMIN+3. Throws `invalid`. */
export function signalName(text: string): string {
  const upper = text.toUpperCase();
  if (/^\d{1,3}$/.test(upper)) return nameOfNumber(Number(upper), text);
  const full = upper.startsWith('SIG') ? upper : `SIG${upper}`;
  if (full === 'SIGCLD') return 'SIGCHLD';
  if (full in constants.signals) return full;
  const [, base, sign, distance] = /^(SIGRTMIN|SIGRTMAX)(?:([+-])(\d{1,2}))?$/.exec(full) ?? [];
  if (base !== undefined) {
    const start = base === 'SIGRTMIN' ? realTimeMinimum : realTimeMaximum;
    const number = start + Number(`${sign ?? '+'}${distance ?? 0}`);
    if (number >= realTimeMinimum && number <= realTimeMaximum) return full;
  }
  throw new DomainError('invalid', `Unknown signal "${text}"`);
}

/** Linux's number of a name that {@link signalName} gave. */
export function signalNumber(name: string): number {
  const known = (constants.signals as Record<string, number>)[name];
  if (known !== undefined) return known;
  const [, base, distance] = /^(SIGRTMIN|SIGRTMAX)([+-]\d+)?$/.exec(name) ?? [];
  const start = base === 'SIGRTMIN' ? realTimeMinimum : realTimeMaximum;
  return start + Number(distance ?? 0);
}

function nameOfNumber(number: number, text: string): string {
  for (const [name, known] of Object.entries(constants.signals)) if (known === number) return name;
  if (number >= realTimeMinimum && number <= realTimeMaximum) {
    return number === realTimeMinimum ? 'SIGRTMIN' : `SIGRTMIN+${number - realTimeMinimum}`;
  }
  throw new DomainError('invalid', `Unknown signal "${text}"`);
}

/** The CRI's enumeration: SIGNAL_SIGRTMINPLUS3 is SIGRTMIN+3. Undefined for "the default". */
export function signalOfCri(value: number): string | undefined {
  if (value === Signal.SIGNAL_RUNTIME_DEFAULT) return undefined;
  for (const [name, known] of Object.entries(Signal)) {
    if (known === value) return signalName(wordsOf(name));
  }
  throw new DomainError('invalid', `Unknown stop_signal ${value}`);
}

/** The CRI's number of a name that {@link signalName} gave. */
export function signalToCri(name: string): number {
  const number = signalNumber(name);
  for (const [key, value] of Object.entries(Signal)) {
    if (value !== 0 && signalNumber(signalName(wordsOf(key))) === number) return value;
  }
  return Signal.SIGNAL_RUNTIME_DEFAULT;
}

function wordsOf(name: string): string {
  return name.replace('SIGNAL_', '').replace('PLUS', '+').replace('MINUS', '-');
}
