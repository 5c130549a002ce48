import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import type { Session } from '../../container/container-engine.ts';
import type { RuntimeService } from '../generated/runtime.ts';
import type { Handlers } from '../grpc/grpc-server.ts';
import type { Node } from '../node.ts';

/** The CRI's ExecSync; the streaming calls need the streaming server. */
export function execHandlers(node: Node): Handlers<typeof RuntimeService> {
  return {
    ExecSync: async ({ container_id, cmd, timeout }, { signal }) => {
      const { id } = node.containers.find(container_id);
      const ended = timeout > 0 ? AbortSignal.timeout(timeout * 1000) : undefined;
      const stop = ended === undefined ? signal : AbortSignal.any([signal, ended]);
      const exec = node.engine.exec(id, { args: cmd, terminal: false, stdin: false });
      const outcome = await finish(exec, stop);
      if (outcome === undefined || stop.aborted) {
        throw new DomainError('timeout', `Command "${cmd.join(' ')}" timed out after ${timeout} s`);
      }
      const [stdout, stderr, exit_code] = outcome;
      return { ...withinAnswer(stdout, stderr), exit_code };
    },
  };
}

type Outcome = [stdout: Buffer, stderr: Buffer, exitCode: number];

/**
 * Waits for output and exit. Undefined when the signal aborts: then the exec has ended with all
 * that it has started; where its shim has not answered yet, it ends as soon as it is there.
 */
async function finish(exec: Promise<Session>, stop: AbortSignal): Promise<Outcome | undefined> {
  const { promise: stopped, resolve } = Promise.withResolvers<undefined>();
  let begun = false;
  const end = (): void => {
    const ended = exec.then((session) => session.close()).catch(() => undefined);
    if (begun) void ended.then(() => resolve(undefined));
    else resolve(undefined);
  };
  stop.addEventListener('abort', end, { once: true });
  if (stop.aborted) end();
  try {
    const outcome = exec.then((session) => {
      begun = true;
      return outcomeOf(session);
    });
    return await Promise.race([outcome, stopped]);
  } catch (error) {
    // An aborted one fails in the midst of reading; why it was aborted says more.
    if (!stop.aborted) throw error;
    return undefined;
  } finally {
    stop.removeEventListener('abort', end);
  }
}

async function outcomeOf(session: Session): Promise<Outcome> {
  try {
    const stderr = session.stderr === undefined ? Buffer.alloc(0) : collect(session.stderr);
    return await Promise.all([collect(session.stdout), stderr, session.exited]);
  } finally {
    await session.close();
  }
}

/** Of an answer: the exit code, and the tags and lengths of three fields. */
const answerOverheadBytes = 64;

/**
 * Both streams together are what one message can hold, or the client gets an error in place of the
 * output. The shorter one is cut only when both are long.
 */
export function withinAnswer(
  stdout: Buffer,
  stderr: Buffer,
  bytes: number = limits.execSyncBytes - answerOverheadBytes,
): { stdout: Buffer; stderr: Buffer } {
  if (stdout.length + stderr.length <= bytes) return { stdout, stderr };
  const half = bytes / 2;
  const errorBytes = Math.min(stderr.length, Math.max(half, bytes - stdout.length));
  return {
    stdout: stdout.subarray(0, bytes - errorBytes),
    stderr: stderr.subarray(0, errorBytes),
  };
}

/** At most 16 MiB; the rest is read and dropped, so that the program does not block. */
async function collect(stream: NodeJS.ReadableStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let left: number = limits.execSyncBytes;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (left === 0) continue;
    const kept = chunk.subarray(0, left);
    chunks.push(kept);
    left -= kept.length;
  }
  return Buffer.concat(chunks);
}
