import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { NetworkConfiguration } from '../cni/configuration.ts';
import type { NetworkResult } from '../cni/result.ts';
import { hasShape } from '../base/shape.ts';
import { readState, writeEndingState, writeVolatileState } from '../base/state-file.ts';
import type { SecondaryNetwork } from './secondary-networks.ts';
import type { PodSandboxRequest } from './sandbox-service.ts';

/** Each is on disk before its effects begin. */
const phases = ['making', 'ready', 'stopping', 'stopped', 'removing'] as const;
export type SandboxPhase = (typeof phases)[number];

export interface SandboxRecord {
  readonly phase: SandboxPhase;
  readonly createdAtMs: number;
  readonly request: PodSandboxRequest;
  /** The first process of a shared PID namespace; 0 for none. */
  readonly pausePid: number;
  /** Recorded before ADD, so that DEL is called with the same whatever came in between. */
  readonly networks?: readonly NetworkConfiguration[] | undefined;
  /** The further ones that the pod asks for, recorded likewise. */
  readonly secondary?: readonly SecondaryNetwork[] | undefined;
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
    return storedSandbox(await readState(join(folder, 'sandbox.json')));
  } catch {
    return undefined;
  }
}

/** Undefined where it makes no sense. */
export function storedSandbox(document: unknown): SandboxRecord | undefined {
  const shape = { phase: 'string', createdAtMs: 'number', request: 'object' } as const;
  if (!hasShape(document, shape)) return undefined;
  const record = document as Stored;
  const { phase, request, networkResult } = record;
  const whole =
    phases.includes(phase) &&
    hasShape(request, requestShape) &&
    (networkResult === undefined || isResult(networkResult));
  return whole ? upgraded(record) : undefined;
}

const requestShape = {
  id: 'string',
  hostname: 'string',
  network: 'string',
  ipc: 'string',
  pid: 'string',
  cgroupPath: 'string',
} as const;

const addressShape = { address: 'string', interface: 'number' } as const;

function isResult(result: NetworkResult): boolean {
  if (!hasShape(result, { interfaces: 'list', addresses: 'list' })) return false;
  const { interfaces, addresses } = result;
  return (
    interfaces.every((one) => hasShape(one, { name: 'string' })) &&
    addresses.every((one) => hasShape({ interface: 0, ...one }, addressShape))
  );
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
