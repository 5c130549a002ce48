import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { DomainError } from '../../base/error.ts';
import { readState } from '../../base/state-file.ts';
import type { Cli } from '../cli.ts';
import { NotifySocket } from './notify-socket.ts';
import { commandOf, holderOf } from './part.ts';
import { type Welcome, welcomePath, welcomeText } from './welcome.ts';

/** The end of a log says why. */
const shownLines = 8;

export interface Detached {
  /** Appended to. */
  readonly log: string;
  /** `/run/keelson` */
  readonly state: string;
  readonly arguments: readonly string[];
}

/** `keelson up` in a session of its own; resolves when it is ready. Throws when it ends before. */
export async function detach(detached: Detached, cli: Cli): Promise<void> {
  const { state, log } = detached;
  await mkdir(state, { recursive: true, mode: 0o700 });
  const pid = holderOf(`${state}/up.lock`);
  if (pid !== undefined) await cli.printError(`It runs already, as process ${pid}.\n`);
  else await startAndWait(detached, cli);
  const welcome = (await readState(welcomePath(state))) as Welcome | undefined;
  if (welcome !== undefined) await cli.print(welcomeText(welcome));
  await cli.printError(`Its log is ${log}.\n`);
}

async function startAndWait({ log, state, arguments: words }: Detached, cli: Cli): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let status = '';
  using socket = new NotifySocket(state, 'notify-up.sock', (assignment) => {
    if (assignment === 'READY=1') resolve();
    if (assignment.startsWith('STATUS=')) {
      status = assignment.slice('STATUS='.length);
      void cli.printError(`${status}\n`);
    }
  });
  const [program = '', ...args] = commandOf('up', words);
  const output = openSync(log, 'a', 0o640);
  const child = spawn(program, args, {
    detached: true,
    stdio: ['ignore', 'ignore', output],
    env: { ...process.env, NOTIFY_SOCKET: socket.path },
  });
  closeSync(output);
  child.once('error', reject);
  child.once('exit', (code) => reject(new Error(`ended with ${code ?? 'a signal'}`)));
  try {
    await promise;
  } catch (cause) {
    const end = (await readFile(log, 'utf8')).trimEnd().split('\n').slice(-shownLines);
    await cli.printError(`${end.join('\n')}\n`);
    throw new DomainError('unavailable', `The node did not come up (${status}); see ${log}`, {
      cause,
    });
  }
  child.removeAllListeners('exit');
  child.unref();
}
