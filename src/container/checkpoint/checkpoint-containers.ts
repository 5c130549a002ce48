import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError } from '../../base/error.ts';
import { fault } from '../../base/fault.ts';
import { writeVolatileState } from '../../base/state-file.ts';
import { readMounts } from '../../kernel/mountinfo.ts';
import type { CheckpointOptions } from '../container-engine.ts';
import type { Container } from '../container.ts';
import type { EngineContext } from '../engine-context.ts';
import { pauseContainer, resumeContainer } from '../freeze-container.ts';
import { documentName, type CheckpointDocument } from './checkpoint-document.ts';
import { criuProblem, errorsIn, findCriu, readLog, runCriu } from './criu.ts';
import { externalMounts } from './external-mounts.ts';
import { forgetCapture, noteCapture } from './interrupted.ts';
import { checkDump, namespacePath, planDump } from './plan-dump.ts';
import { standardStreams } from './standard-streams.ts';

export interface FoundTarget {
  readonly container: Container;
  readonly folder: string;
}

/**
 * Images of containers at one moment: all are frozen, then dumped one after the other, and let go
 * on at the end. What must be undone by the next process, if this one is killed, is on disk first.
 */
export async function checkpointContainers(
  context: EngineContext,
  targets: readonly FoundTarget[],
  options: CheckpointOptions,
): Promise<void> {
  for (const { container } of targets) explained(container, () => checkDump(container.request));
  const problem = await criuProblem(options.signal, context.criu);
  if (problem !== undefined) throw new DomainError('unsupported', `Cannot checkpoint: ${problem}`);
  await inTurn(targets, () => {
    const found = targets.map((target) => ({ ...target, wasPaused: target.container.paused }));
    return capture(context, found, options);
  });
}

interface Held extends FoundTarget {
  readonly wasPaused: boolean;
}

/** With the queue of each held, in the order of their ids, so that no two wait for each other. */
function inTurn(targets: readonly FoundTarget[], work: () => Promise<void>): Promise<void> {
  const ordered = targets.toSorted((one, other) =>
    one.container.id < other.container.id ? -1 : 1,
  );
  const held = ordered.reduceRight(
    (inner: () => Promise<void>, { container }) =>
      () =>
        container.queue.run(inner),
    work,
  );
  return held();
}

async function capture(
  context: EngineContext,
  targets: readonly Held[],
  options: CheckpointOptions,
): Promise<void> {
  await using undo = new AsyncDisposableStack();
  for (const { container, wasPaused } of targets) {
    if (container.phase !== 'running') {
      throw new DomainError('conflict', `Container "${container.id}" has ended`);
    }
    options.signal.throwIfAborted();
    noteCapture(context, container, { wasPaused });
    undo.defer(() => forgetCapture(context, container));
    if (!wasPaused) undo.defer(() => letGo(context, container));
    await pauseContainer(context, container);
    fault('container.checkpoint.after-freeze');
  }
  for (const target of targets) await dump(context, target, options);
  options.signal.throwIfAborted();
  await options.meanwhile();
}

async function letGo(context: EngineContext, container: Container): Promise<void> {
  // It may have been killed meanwhile, and its cgroup with it.
  if (container.record.finishedAtMs > 0) return;
  await resumeContainer(context, container);
}

async function dump(
  context: EngineContext,
  { container, folder, wasPaused }: Held,
  { signal, timeoutMs }: CheckpointOptions,
): Promise<void> {
  const { request, record } = container;
  const program = findCriu(context.criu) ?? context.criu;
  const images = join(folder, 'checkpoint');
  mkdirSync(images, { mode: 0o700 });
  const document = explained(container, () => describe(container));
  using cgroup = context.hierarchy.open(request.cgroupPath);
  const words = planDump({
    pid: record.pid,
    cgroupFolder: cgroup.folderPath,
    images,
    work: folder,
    document,
    network: document.network
      ? statSync(`/proc/${record.pid}/ns/net`, { bigint: true }).ino
      : undefined,
    timeoutMs,
  });
  const started = (criu: number): void => noteCapture(context, container, { wasPaused, criu });
  const code = await runCriu({ program, words, signal, started });
  signal.throwIfAborted();
  if (code !== 0) {
    const cause = errorsIn(readLog(join(folder, 'dump.log')));
    throw new DomainError('conflict', `criu cannot dump container "${container.id}": ${cause}`);
  }
  const { streams } = document;
  writeVolatileState(join(images, 'descriptors.json'), streams.map(runcName));
  writeVolatileState(join(folder, documentName), document);
}

function describe({ request, record }: Container): CheckpointDocument {
  const mounts = readMounts(record.pid);
  const streams = standardStreams(record.pid, new Set(mounts.map(({ id }) => id)));
  const network = namespacePath(request.spec.linux?.namespaces, 'network');
  if (network === '') throw new DomainError('unsupported', 'Its network namespace is its own');
  const externals = externalMounts(mounts, request.spec);
  return { version: 1, externals, streams, network: network !== undefined };
}

/** As runc writes them: pipes by their names, and what is no pipe as the file it shows. */
function runcName(name: string): string {
  return name.startsWith('pipe') ? name : '/dev/null';
}

/** Who asked for several has to hear which one it is. */
function explained<Result>(container: Container, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const text = `Cannot checkpoint container "${container.id}": ${error.message}`;
    throw new DomainError(error.kind, text, { cause: error });
  }
}
