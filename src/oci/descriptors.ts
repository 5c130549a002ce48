import { DomainError } from '../base/error.ts';
import type { Call } from './call.ts';

/** What the stage can pass on (native/stage/context.hh). */
const maximumPreserved = 48;

/** Descriptors of the caller that the program shall have: `--preserve-fds` and sd_listen_fds(3). */
export function preservedCount(call: Call): number {
  const count = (call.line.flags.number('preserve-fds') ?? 0) + listenCount(call);
  if (count >= 0 && count <= maximumPreserved) return count;
  throw new DomainError(
    'unsupported',
    `${count} preserved descriptors; ${maximumPreserved} at most`,
  );
}

/** The process of the container has number 1 there. */
export function listenVariables(call: Call): readonly string[] {
  const count = listenCount(call);
  if (count === 0) return [];
  const names = call.request.environment['LISTEN_FDNAMES'];
  const named = names === undefined ? [] : [`LISTEN_FDNAMES=${names}`];
  return [`LISTEN_FDS=${count}`, 'LISTEN_PID=1', ...named];
}

function listenCount(call: Call): number {
  const text = call.request.environment['LISTEN_FDS'] ?? '';
  return /^[0-9]{1,3}$/.test(text) ? Number(text) : 0;
}

/** A terminal needs somebody at its other end. The words are those that callers of runc know. */
export function checkTerminal(call: Call, terminal: boolean, detached: boolean): void {
  const console = call.line.flags.text('console-socket') ?? '';
  if (detached && terminal && console === '') {
    const why = 'cannot allocate tty if runc will detach without setting console socket';
    throw new DomainError('invalid', why);
  }
  if ((!detached || !terminal) && console !== '') {
    const why = 'cannot use console socket if runc will not detach or allocate tty';
    throw new DomainError('invalid', why);
  }
}
