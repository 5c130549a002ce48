import { DomainError } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import type { Supervisor } from '../kernel/supervisor.ts';
import type { AttachRequest, Session } from './container-engine.ts';
import type { Container } from './container.ts';
import type { EngineContext } from './engine-context.ts';
import { attachedSession } from './session.ts';

/** Output from now on, and input where the container's stdin is open. */
export async function attachContainer(
  context: EngineContext,
  container: Container,
  { stdin, patienceMs = limits.attachPatienceMs }: AttachRequest,
): Promise<Session> {
  const { id, podId, spec, stdin: mode } = container.request;
  const shim = await context.shims.find(podId);
  if (shim === undefined || container.record.finishedAtMs > 0) {
    throw new DomainError('conflict', `Container "${id}" does not run`);
  }
  const terminal = spec.process?.terminal === true;
  const input = stdin && mode !== 'none';
  const { fds, attachment } = await shim.attach(id, patienceMs);
  const client = context.attachments.add(podId, attachment);
  const release = holdOnce(shim);
  const session = attachedSession(fds, {
    terminal,
    input,
    exited: container.ended.then(() => container.record.exitCode).finally(release),
    resize: ({ rows, columns }) => shim.resize({ container: id, name: '' }, rows, columns),
    givenUp: () => client.givenUp(),
    close: async () => {
      release();
      client[Symbol.dispose]();
    },
  });
  // The first client's end of input is the container's; with `open` it stays for the next.
  if (mode === 'once' && !terminal) {
    session.stdin?.on('close', () => void shim.closeInput(id, '').catch(() => undefined));
  }
  return session;
}

/** When the output has ended, nothing else keeps the process alive for who awaits `exited`. */
function holdOnce(shim: Supervisor): () => void {
  shim.hold();
  let held = true;
  return () => {
    if (held) shim.release();
    held = false;
  };
}
