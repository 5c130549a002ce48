import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { NetworkConfiguration } from '../cni/configuration.ts';
import type { NetworkResult } from '../cni/result.ts';
import { readState, writeEndingState, writeVolatileState } from '../base/state-file.ts';
import type { PodSandboxRequest } from './sandbox-service.ts';

/** Each is on disk before its effects begin. */
export type SandboxPhase = 'making' | 'ready' | 'stopping' | 'stopped' | 'removing';

export interface SandboxRecord {
  readonly phase: SandboxPhase;
  readonly createdAtMs: number;
  readonly request: PodSandboxRequest;
  /** The first process of a shared PID namespace; 0 for none. */
  readonly pausePid: number;
  /** Recorded before ADD, so that DEL is called with the same whatever came in between. */
  readonly networks?: readonly NetworkConfiguration[];
  /** Of the first network, whose addresses are the pod's. */
  readonly networkResult?: NetworkResult;
}

export function writeRecord(folder: string, record: SandboxRecord): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'sandbox.json');
  if (record.phase === 'making' || record.phase === 'ready') writeVolatileState(path, record);
  else writeEndingState(path, record);
}

/** Undefined when it is missing or damaged. */
export async function readRecord(folder: string): Promise<SandboxRecord | undefined> {
  try {
    const record = (await readState(join(folder, 'sandbox.json'))) as Stored | undefined;
    const whole = typeof record?.phase === 'string' && typeof record.request?.id === 'string';
    return whole ? upgraded(record) : undefined;
  } catch {
    return undefined;
  }
}

/** The first release knew one network for a pod. */
type Stored = SandboxRecord & { readonly network?: NetworkConfiguration };

function upgraded({ network, ...record }: Stored): SandboxRecord {
  return network === undefined ? record : { networks: [network], ...record };
}

/** The names of all folders of pods. */
export function podFolders(root: string): string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}
