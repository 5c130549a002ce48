import { createConnection } from 'node:net';
import type { Outcome } from './outcome.ts';
import { dialFailure } from './probe-http.ts';

/** Connects and lets go at once. */
export function probeTcp(host: string, port: number, timeoutMs: number): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const socket = createConnection({ host, port });
  const timer = setTimeout(() => {
    socket.destroy();
    resolve({ ok: false, output: `dial tcp ${host}:${port}: i/o timeout` });
  }, timeoutMs);
  socket.once('connect', () => {
    clearTimeout(timer);
    // A reset leaves no port in TIME_WAIT: many probes a second would use them up.
    socket.resetAndDestroy();
    resolve({ ok: true, output: '' });
  });
  socket.on('error', (error) => {
    clearTimeout(timer);
    resolve({ ok: false, output: dialFailure(error, host, port) });
  });
  return promise;
}
