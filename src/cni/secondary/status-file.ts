import { mkdirSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hasShape } from '../../base/shape.ts';
import { readState, writeVolatileState } from '../../base/state-file.ts';

/** What a pod got, until it is told to the cluster. */
export interface NetworkStatusFile {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** The annotation's text. */
  readonly status: string;
}

export function writeNetworkStatus(folder: string, podId: string, status: NetworkStatusFile): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeVolatileState(join(folder, podId), status);
}

export function removeNetworkStatus(folder: string, podId: string): void {
  rmSync(join(folder, podId), { force: true });
}

/** Those that wait, by the pods' ids; what is damaged is passed over. */
export async function listNetworkStatus(
  folder: string,
): Promise<readonly (readonly [podId: string, NetworkStatusFile])[]> {
  const found: [string, NetworkStatusFile][] = [];
  for (const podId of (await readdir(folder)).filter((name) => !name.endsWith('.new'))) {
    const document = await readState(join(folder, podId)).catch(() => undefined);
    const shape = { namespace: 'string', name: 'string', uid: 'string', status: 'string' } as const;
    if (hasShape(document, shape)) found.push([podId, document as NetworkStatusFile]);
  }
  return found;
}
