import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import { RuntimeService } from '../generated/runtime.ts';
import { GrpcClient } from '../../grpc/grpc-client.ts';
import type { Node } from '../node.ts';
import type { HealthCheck } from './health.ts';

/** Whether calls are answered at the CRI's socket, and can be recorded in the folders. */
export function livenessChecks(socketPath: string, folders: readonly string[]): HealthCheck[] {
  return [
    { name: 'cri', run: () => askVersion(socketPath) },
    { name: 'state', run: () => writeEverywhere(folders) },
  ];
}

/** Whether anything can be recorded, by the folder. Kubelets ask all the time: it is not synced. */
export function storeChecks(folders: readonly string[]): HealthCheck[] {
  return folders.map((folder) => ({ name: folder, run: () => writeIn(folder, { synced: false }) }));
}

/** Whether pods can be run now: what may be missing is also the operator's to bring. */
export function readinessChecks(node: Node, started: () => boolean): HealthCheck[] {
  return [
    {
      name: 'started',
      run: async () => {
        if (!started()) throw new DomainError('unavailable', 'still starting');
      },
    },
    {
      name: 'network',
      run: async () => {
        const problem = await node.network.problem();
        if (problem !== undefined) throw new DomainError('unavailable', problem);
      },
    },
  ];
}

/** As a kubelet does it, by the socket's name: another program's socket may have taken it. */
async function askVersion(socketPath: string): Promise<void> {
  using client = new GrpcClient(socketPath);
  const timeoutMs = limits.healthCheckMs;
  const { runtime_name } = await client.call(RuntimeService.Version, {}, { timeoutMs });
  if (runtime_name !== 'keelson') throw new DomainError('conflict', `"${runtime_name}" answers`);
}

async function writeEverywhere(folders: readonly string[]): Promise<void> {
  await Promise.all(folders.map((folder) => writeIn(folder, { synced: true })));
}

/** A full disk, and one that has gone read-only, let a file be made but not filled, or neither. */
async function writeIn(folder: string, { synced }: { synced: boolean }): Promise<void> {
  const path = join(folder, `.health-${synced ? 'synced-' : ''}${process.pid}`);
  try {
    const file = await open(path, 'w', 0o600);
    try {
      await file.writeFile(Buffer.alloc(4096));
      if (synced) await file.datasync();
    } finally {
      await file.close();
    }
  } finally {
    await rm(path, { force: true });
  }
}
