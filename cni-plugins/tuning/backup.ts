import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hasCode, messageOf } from '../../src/base/error.ts';
import { namesIn } from '../../src/base/names-in.ts';
import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { isObject } from '../../src/cni/json.ts';
import type { AttachmentKey } from '../../src/cni/result-cache.ts';
import { removeUnfinished, writeWhole } from '../../src/cni/unfinished.ts';
import type { Owner } from '../owner.ts';
import type { Attributes } from './configuration.ts';

/**
 * Keeps what an interface was, in the reference's files with the network's name added: a folder
 * serves all networks, and GC is about one. What an earlier plugin of the chain kept is older, and
 * stays. Throws CniError 5.
 */
export function keepBackup(folder: string, owner: Owner, attributes: Attributes): void {
  const path = pathOf(folder, owner);
  const kept = { network: owner.networkName, ...attributes, ...readBackup(folder, owner) };
  try {
    makeFolder(folder);
    writeWhole(path, JSON.stringify(kept, undefined, 1));
  } catch (error) {
    throw new CniError(CniCode.io, `Cannot write "${path}"`, messageOf(error));
  }
}

/** Undefined when there is none; a file that is no such document says nothing. */
export function readBackup(folder: string, owner: AttachmentKey): Attributes | undefined {
  return attributesIn(parse(pathOf(folder, owner)));
}

export function removeBackup(folder: string, owner: AttachmentKey): void {
  rmSync(pathOf(folder, owner), { force: true });
}

/** Removes those of a network whose owners are not valid. */
export function collectBackups(
  folder: string,
  networkName: string,
  valid: readonly AttachmentKey[],
): void {
  const living = new Set(valid.map((key) => fileName(key)));
  const names = namesIn(folder);
  removeUnfinished(folder, names);
  for (const name of names) {
    if (!name.endsWith('.json') || living.has(name)) continue;
    const path = join(folder, name);
    if (parse(path)?.['network'] === networkName) rmSync(path, { force: true });
  }
}

/** Throws CniError 50 when nothing could be kept there. */
export function checkFolder(folder: string): void {
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new CniError(CniCode.notAvailable, `Cannot write in "${folder}"`, messageOf(error));
  }
}

/** Node's own recursion never ends below /proc, where a folder that is there takes no other. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return;
    const above = dirname(folder);
    if (!hasCode(error, 'ENOENT') || above === folder || existsSync(above)) throw error;
    makeFolder(above);
    mkdirSync(folder, { mode: 0o700 });
  }
}

/** Both parts are checked by their callers to be names without a slash. */
function fileName({ containerId, interfaceName }: AttachmentKey): string {
  return `${containerId}_${interfaceName}.json`;
}

function pathOf(folder: string, owner: AttachmentKey): string {
  return join(folder, fileName(owner));
}

function parse(path: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const document: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isObject(document) ? document : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function attributesIn(document: Readonly<Record<string, unknown>> = {}): Attributes | undefined {
  const { mac, promisc, mtu, txQLen, allmulti } = document;
  const found = {
    ...(typeof mac === 'string' && mac !== '' && { mac }),
    ...(typeof promisc === 'boolean' && { promisc }),
    ...(typeof mtu === 'number' && mtu > 0 && { mtu }),
    ...(typeof txQLen === 'number' && { txQLen }),
    ...(typeof allmulti === 'boolean' && { allmulti }),
  };
  return Object.keys(found).length === 0 ? undefined : found;
}
