import type { Duplex } from 'node:stream';

/** Resolves when what was written has gone out, or never will. */
export function drained(transport: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      transport.off('drain', done);
      transport.off('close', done);
      resolve();
    };
    transport.on('drain', done);
    transport.on('close', done);
  });
}
