import type { Duplex } from 'node:stream';
import { limits } from '../base/limits.ts';

/**
 * Gives the other end a moment to hear our last words, and then ends a connection that it does not
 * end. A slow reader has the time that it needs: the moment begins when all is on its way.
 */
export function lingerOver(transport: Duplex, closed: Promise<void>): void {
  const timer = setInterval(() => {
    if (transport.writableLength === 0) transport.destroy();
  }, limits.streamLingerMs);
  timer.unref();
  closed.then(() => clearInterval(timer)).catch(() => undefined);
}
