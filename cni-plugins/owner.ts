import { createHash } from 'node:crypto';
import type { AttachmentKey } from '../src/cni/result-cache.ts';

/** Whose an object in the kernel is: one interface of one container on one network. */
export interface Owner extends AttachmentKey {
  readonly networkName: string;
}

/** A comment of nftables holds 127 bytes, an interface's alias 255. */
const maximumTagBytes = 120;
const maximumNetworkBytes = 40;

/**
 * What every object that a plugin makes is marked with, as alias or comment, so that GC finds it
 * with no record but the kernel's: `keelson/<network>/<container>/<interface>`. What is too long
 * is named by its hash, so a tag can be compared but not always be read.
 */
export function tagOf(owner: Owner): string {
  const { containerId, interfaceName } = owner;
  const whole = `${networkTag(owner.networkName)}${containerId}/${interfaceName}`;
  if (Buffer.byteLength(whole) <= maximumTagBytes) return whole;
  return `${networkTag(owner.networkName)}${hash(containerId)}/${interfaceName}`;
}

/** With which the tags of all owners on a network begin. */
export function networkTag(networkName: string): string {
  const short = Buffer.byteLength(networkName) <= maximumNetworkBytes;
  return `keelson/${short ? networkName : hash(networkName)}/`;
}

/** True for the tag of somebody on this network who is not among the valid ones. */
export function isStale(
  tag: string | undefined,
  networkName: string,
  valid: readonly AttachmentKey[],
): boolean {
  if (tag === undefined || !tag.startsWith(networkTag(networkName))) return false;
  return valid.every((attachment) => tagOf({ ...attachment, networkName }) !== tag);
}

/**
 * The name of the host's end of a pair: the same for the same owner, so that DEL finds it when the
 * container's namespace is gone. With 11 digits it is no name that another tool makes: the
 * reference has 8 of them, Docker 7.
 */
export function hostLinkName({ networkName, containerId, interfaceName }: Owner): string {
  return `veth${hash([networkName, containerId, interfaceName].join('\0'), 11)}`;
}

/** The owner that a request is about. */
export function ownerOf({ networkName, containerId, interfaceName }: Owner): Owner {
  return { networkName, containerId, interfaceName };
}

function hash(text: string, digits = 40): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}
