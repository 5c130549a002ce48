import { createConnection, isIP } from 'node:net';
import { TcpExchange } from '../../kernel/tcp-exchange.ts';
import { dialFailure } from './dial-failure.ts';
import type { Outcome } from './outcome.ts';

/** Connects and lets go at once, by a reset: many probes a second would use up the ports. */
export function probeTcp(host: string, port: number, timeoutMs: number): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const timer = setTimeout(() => {
    end({ ok: false, output: `dial tcp ${host}:${port}: i/o timeout` });
  }, timeoutMs);
  let close: (() => void) | undefined;
  const end = (outcome: Outcome) => {
    clearTimeout(timer);
    close?.();
    resolve(outcome);
  };
  const connected = () => end({ ok: true, output: '' });
  const failed = (error: unknown) => end({ ok: false, output: dialFailure(error, host, port) });
  try {
    close = openTo(host, port, { connected, failed });
  } catch (error) {
    failed(error);
  }
  return promise;
}

interface Dialling {
  readonly connected: () => void;
  readonly failed: (error: unknown) => void;
}

function openTo(host: string, port: number, { connected, failed }: Dialling): () => void {
  if (isIP(host) === 0) {
    const socket = createConnection({ host, port });
    socket.once('connect', connected).on('error', failed);
    return () => socket.resetAndDestroy();
  }
  const exchange = new TcpExchange(
    { address: host, port, request: Buffer.alloc(0) },
    { onSent: connected, onData: () => undefined, onEnd: failed },
  );
  return () => exchange.close();
}
