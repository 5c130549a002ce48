import { DomainError } from './error.ts';

/**
 * Points at which a test sees what becomes of the rest. Off, and free, unless KEELSON_FAULT names a
 * point: then reaching it is SIGKILL, as by an operator or the kernel, for the next process to make
 * something of; or with `POINT=fail` an error, once, for this one to undo.
 */
export function fault(point: string): void {
  if (wanted !== point) return;
  if (!fails) process.kill(process.pid, 'SIGKILL');
  wanted = undefined;
  throw new DomainError('unavailable', `Fault at ${point}`);
}

const [point, kind] = process.env['KEELSON_FAULT']?.split('=') ?? [];
const fails = kind === 'fail';
let wanted = point;
