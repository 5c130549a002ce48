import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import type { ContainerRequest, RestoreSource } from '../container-engine.ts';
import type { Container } from '../container.ts';
import type { EngineContext } from '../engine-context.ts';
import type { ContainerPlan } from '../plan/plan-container.ts';
import { criuProblem, errorsIn, findCriu, readLog } from './criu.ts';
import { checkDump } from './plan-dump.ts';
import { planRestore, restoreFile } from './plan-restore.ts';

/**
 * How a container is made whose processes come back from a checkpoint when it is started.
 * DomainError `unsupported` where criu is missing or refuses this kernel.
 */
export async function planRestored(
  context: EngineContext,
  request: ContainerRequest,
  { images, document }: RestoreSource,
): Promise<ContainerPlan> {
  const { id, spec, snapshot } = request;
  checkDump(request);
  const signal = AbortSignal.timeout(limits.criuCheckMs);
  const problem = await criuProblem(signal, context.criu);
  if (problem !== undefined) throw new DomainError('unsupported', `Cannot restore: ${problem}`);
  return planRestore({
    spec,
    snapshot,
    images,
    document,
    cgroupMountPoint: context.hierarchy.mountPoint,
    program: findCriu(context.criu) ?? context.criu,
    folder: context.store.folderOf(id),
  });
}

/** Before the launch: the folder that the plan mounts on. */
export function makeRestorePlace(context: EngineContext, request: ContainerRequest): void {
  if (request.restore === undefined) return;
  mkdirSync(join(context.store.folderOf(request.id), restoreFile.place), { mode: 0o700 });
}

/** criu's words for why a restore has failed; undefined for a container that is not restored. */
export function restoreError(
  context: EngineContext,
  { id, request }: Container,
): DomainError | undefined {
  if (request.restore === undefined) return undefined;
  const log = readLog(join(context.store.folderOf(id), restoreFile.log));
  return new DomainError('conflict', `criu cannot restore it: ${errorsIn(log)}`);
}
