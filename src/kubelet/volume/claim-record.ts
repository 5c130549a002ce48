import { DomainError } from '../../base/error.ts';
import { readState, writeState } from '../../base/state-file.ts';

/** What a claim of a pod led to. */
export interface ClaimRecord {
  /** On the host. */
  readonly path: string;
  readonly readOnly: boolean;
  /** The PersistentVolume. */
  readonly volume: string;
}

const fileName = 'claims.json';

/** By the volume's name in the pod. The pod's folder is given open. */
export async function readClaims(folder: number): Promise<ReadonlyMap<string, ClaimRecord>> {
  const state = await readState(pathIn(folder));
  if (state === undefined) return new Map();
  if (!isTable(state)) throw new DomainError('invalid', `${fileName} of a pod is damaged`);
  return new Map(Object.entries(state));
}

export async function writeClaim(folder: number, name: string, claim: ClaimRecord): Promise<void> {
  const claims = { ...Object.fromEntries(await readClaims(folder)), [name]: claim };
  await writeState(pathIn(folder), claims);
}

function pathIn(folder: number): string {
  return `/proc/self/fd/${folder}/${fileName}`;
}

function isTable(state: unknown): state is Record<string, ClaimRecord> {
  return (
    typeof state === 'object' &&
    state !== null &&
    Object.values(state).every(
      (claim: unknown) =>
        typeof claim === 'object' &&
        claim !== null &&
        'path' in claim &&
        typeof claim.path === 'string' &&
        'readOnly' in claim &&
        typeof claim.readOnly === 'boolean',
    )
  );
}
