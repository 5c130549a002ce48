import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { hasCode, messageOf } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import { readState, writeVolatileState } from '../../base/state-file.ts';
import type { Container } from '../container.ts';
import type { EngineContext } from '../engine-context.ts';
import { resumeContainer } from '../freeze-container.ts';

interface Capture {
  /** It was paused before, and stays so. */
  readonly wasPaused: boolean;
  /** criu's process, once there is one; and when that began, since numbers are used again. */
  readonly criu?: number;
  readonly begun?: string;
}

/** On disk before a container is frozen for its checkpoint: file `capture.json` of its folder. */
export function noteCapture(
  context: EngineContext,
  container: Container,
  { wasPaused, criu }: Pick<Capture, 'wasPaused' | 'criu'>,
): void {
  const process = criu === undefined ? {} : { criu, begun: beginOf(criu) };
  writeVolatileState(pathOf(context, container), { wasPaused, ...process });
}

export function forgetCapture(context: EngineContext, container: Container): void {
  rmSync(pathOf(context, container), { force: true });
}

/**
 * Lets a container go on whose checkpoint was under way when the runtime was killed. Its criu goes
 * on without us and would freeze it again at its end: it has some time to come to that. Nobody
 * waits for it but what is asked of the container next.
 */
export function endInterruptedCapture(context: EngineContext, container: Container): void {
  if (!existsSync(pathOf(context, container))) return;
  container.queue
    .run(() => endCapture(context, container))
    .catch((error: unknown) => context.warn(messageOf(error)));
}

async function endCapture(context: EngineContext, container: Container): Promise<void> {
  const capture = (await readState(pathOf(context, container))) as Capture | undefined;
  if (capture === undefined) return;
  await endCriu(capture);
  const goesOn = !capture.wasPaused && container.record.finishedAtMs === 0;
  if (goesOn) await resumeContainer(context, container);
  forgetCapture(context, container);
}

async function endCriu({ criu, begun }: Capture): Promise<void> {
  if (criu === undefined || begun === undefined) return;
  const deadline = Date.now() + limits.checkpointLeftMs;
  while (beginOf(criu) === begun) {
    if (Date.now() > deadline) {
      process.kill(criu, 'SIGKILL');
      break;
    }
    await delay(20);
  }
}

/** When a process began, in the kernel's ticks; undefined for one that is gone or a zombie. */
function beginOf(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}

function pathOf(context: EngineContext, container: Container): string {
  return join(context.store.folderOf(container.id), 'capture.json');
}
