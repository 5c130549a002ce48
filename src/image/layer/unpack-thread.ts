/** The program of an unpacking thread: one layer after the other, as messages ask for them. */
import { parentPort } from 'node:worker_threads';
import { Ring } from './ring.ts';
import { toPlain, type FromThread, type ToThread } from './thread-message.ts';
import { unpackLayer } from './unpack-layer.ts';

const port = parentPort;
if (port === null) throw new Error('unpack-thread.ts is the program of a worker thread');

port.on('message', ({ task, memory }: ToThread) => {
  const ring = new Ring(memory);
  const take = (use: (bytes: Buffer) => void): boolean => {
    const taken = ring.take(use);
    if (taken?.isAwaited === true) tell({ kind: 'room' });
    return taken !== undefined;
  };
  try {
    tell({ kind: 'done', result: unpackLayer(task, take) });
  } catch (error) {
    tell({ kind: 'failed', error: toPlain(error) });
  }
});

function tell(message: FromThread): void {
  port?.postMessage(message);
}
