import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode, messageOf } from '../../src/base/error.ts';
import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { isObject } from '../../src/cni/json.ts';
import { removeUnfinished, writeWhole } from '../../src/cni/unfinished.ts';
import type { Owner } from '../owner.ts';
import type { Lease } from './lease.ts';

/** A lease with all that its renewal needs, so that it survives the process that asked for it. */
export interface LeaseRecord extends Owner {
  readonly netns: string;
  /** What the path was when the lease was given: another namespace may have it by now. */
  readonly namespaceId: string;
  /** Options of every message: numbers with bytes in base64. */
  readonly options: readonly (readonly [number, string])[];
  readonly lease: Lease;
}

/**
 * In the runtime's state folder, for one runtime must not maintain another's leases. Below /run:
 * after a reboot no namespace is there that a lease could be for.
 */
export function leaseFolder(): string {
  return join(process.env['KEELSON_STATE'] || '/run/keelson', 'dhcp');
}

/** Throws CniError 5. */
export function writeLease(record: LeaseRecord): void {
  const path = pathOf(record);
  try {
    mkdirSync(leaseFolder(), { recursive: true, mode: 0o700 });
    writeWhole(path, JSON.stringify(record));
  } catch (error) {
    throw new CniError(CniCode.io, `Cannot write "${path}"`, messageOf(error));
  }
}

export function readLease(owner: Owner): LeaseRecord | undefined {
  return read(pathOf(owner));
}

export function removeLease(owner: Owner): void {
  rmSync(pathOf(owner), { force: true });
}

export function listLeases(): readonly LeaseRecord[] {
  const folder = leaseFolder();
  let names: readonly string[] = [];
  try {
    const all = readdirSync(folder);
    removeUnfinished(folder, all);
    names = all.filter((name) => name.endsWith('.json'));
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  return names.map((name) => read(join(folder, name))).filter((one) => one !== undefined);
}

function pathOf({ networkName, containerId, interfaceName }: Owner): string {
  const hash = createHash('sha256').update([networkName, containerId, interfaceName].join('\0'));
  return join(leaseFolder(), `${hash.digest('hex').slice(0, 40)}.json`);
}

/** Our own file in a folder of root's; one that was cut is none. */
function read(path: string): LeaseRecord | undefined {
  try {
    const document: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const whole = isObject(document) && isObject(document['lease']) && 'namespaceId' in document;
    return whole ? (document as unknown as LeaseRecord) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
