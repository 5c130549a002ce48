import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError, type KernelError } from '../base/error.ts';
import { decodeRecord } from '../kernel/record.ts';
import { MessageSocket } from '../kernel/socket.ts';
import { readFailure } from '../kernel/supervisor.ts';
import type { Call } from './call.ts';
import { runPoststart } from './hooks.ts';
import { startSocket } from './status.ts';

/** `start`: the waiting process executes its program. */
export async function start(call: Call): Promise<void> {
  const { record, folder, status } = call.container();
  if (status === 'stopped') {
    throw new DomainError('conflict', 'cannot start a container that has stopped');
  }
  if (status !== 'created') {
    throw new DomainError('conflict', 'cannot start an already running container');
  }
  const failure = await release(folder);
  if (failure !== undefined) throw failure;
  rmSync(join(folder, startSocket), { force: true });
  await runPoststart(call, { record, spec: call.records.spec(record.id) });
  call.client.exit(0);
}

/** Sends the one byte; the connection's end without a word is the program's beginning. */
function release(folder: string): Promise<KernelError | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<KernelError | undefined>();
  const socket = MessageSocket.connect(folder, startSocket, {
    onMessage: ({ data }) => {
      const [word, index, call, errno, path, text] = decodeRecord(data);
      if (String(word) !== 'failed') return;
      const fields = [call, errno, path, index, text ?? Buffer.of()];
      resolve(readFailure(fields.map((field) => field ?? Buffer.of())));
      socket.close();
    },
    onEnd: (error) => (error === undefined ? resolve(undefined) : reject(error)),
  });
  socket.send(Buffer.of(1));
  return promise;
}
