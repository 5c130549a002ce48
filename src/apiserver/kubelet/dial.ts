import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { messageOf } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import type { Kubelets } from './kubelets.ts';
import { addressText, type Target } from './target.ts';
import { isSelfSigned, verificationWords } from './verify-kubelet.ts';

/** Until it is looked again whether a kubelet has its certificate. */
const lookMs = 200;

const failureWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'connection timed out',
};

/**
 * Connects to a kubelet or pod. A kubelet that has just joined shows a certificate of its own until
 * the cluster has signed one: that is waited for. Throws Go's words for what fails.
 */
export async function dial(
  kubelets: Kubelets,
  target: Target,
  signal: AbortSignal,
): Promise<Socket> {
  const end = performance.now() + kubelets.patienceMs;
  for (;;) {
    try {
      return await dialOnce(kubelets, target, signal);
    } catch (error) {
      const isWaitedFor = isSelfSigned(error) && performance.now() < end && !signal.aborted;
      if (!isWaitedFor) throw new Error(wordsOf(target, error as Error), { cause: error });
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  }
}

async function dialOnce(kubelets: Kubelets, target: Target, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted();
  const { host, port, tls } = target;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const opened = kubelets.opening();
  const socket = tls
    ? connectTls({ ...kubelets.tlsTo(target), host, port })
    : connectPlain({ host, port });
  const late = setTimeout(() => socket.destroy(new Error('i/o timeout')), limits.apiDialMs);
  const onAbort = () => socket.destroy(new Error('the client is gone'));
  signal.addEventListener('abort', onAbort, { once: true });
  socket.once('close', () => opened[Symbol.dispose]());
  socket.once(tls ? 'secureConnect' : 'connect', resolve).on('error', reject);
  try {
    await promise;
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', onAbort);
  }
}

/** `dial tcp 10.0.0.1:80: connect: connection refused` */
function wordsOf(target: Target, error: Error): string {
  const doubt = verificationWords(error);
  if (doubt !== undefined) return doubt;
  const words = failureWords[(error as NodeJS.ErrnoException).code ?? ''];
  return words === undefined
    ? messageOf(error)
    : `dial tcp ${addressText(target)}: connect: ${words}`;
}
