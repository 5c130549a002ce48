import { decodeResult } from '../cni/result.ts';
import type { AttachmentKey, CachedAttachment } from '../cni/result-cache.ts';
import type { CniState, NetworkLease } from './cni-state.ts';

/** Something that the sources do not agree on. */
export interface CniProblem extends AttachmentKey {
  readonly kind: 'noNamespace' | 'interrupted' | 'orphanedLease' | 'noLease';
  readonly network: string;
  readonly text: string;
  readonly lease?: NetworkLease;
  readonly cached?: CachedAttachment;
}

/** A lease is older than its attachment's result: this long it may be without one. */
const graceMs = 60_000;

/** Compares what is on record. A pure function of the state and the time. */
export function problemsOf(state: CniState, nowMs: number): readonly CniProblem[] {
  return [
    ...withoutNamespace(state),
    ...interrupted(state),
    ...orphanedLeases(state, nowMs),
    ...missingLeases(state),
  ];
}

/** All attachments of a network that are to stay: whoever made them, their namespace is there. */
export function validAttachments(state: CniState, network: string): readonly AttachmentKey[] {
  const isThere = (netns: string | undefined) => state.namespaces.has(netns ?? '');
  const cached = state.cached
    .filter((entry) => entry.network.name === network && isThere(entry.attachment.netns))
    .map(({ attachment }) => attachment);
  const recorded = state.records
    .filter(({ entry }) => entry.network === network)
    .filter(({ underWay, result, entry }) => {
      return underWay || (result !== undefined && isThere(entry.environment['CNI_NETNS']));
    })
    .map(({ entry }) => entry);
  const keys = new Map([...cached, ...recorded].map((key) => [nameOf(key), key]));
  return [...keys.values()].map(({ containerId, interfaceName }) => ({
    containerId,
    interfaceName,
  }));
}

function withoutNamespace({ cached, namespaces }: CniState): readonly CniProblem[] {
  return cached
    .filter(({ attachment }) => !namespaces.has(attachment.netns ?? ''))
    .map((entry) => ({
      kind: 'noNamespace',
      network: entry.network.name,
      ...keyOf(entry.attachment),
      text: `its namespace "${entry.attachment.netns ?? ''}" is gone`,
      cached: entry,
    }));
}

function interrupted({ records }: CniState): readonly CniProblem[] {
  return records
    .filter(({ result, underWay }) => result === undefined && !underWay)
    .map(({ entry }) => ({
      kind: 'interrupted',
      network: entry.network,
      ...keyOf(entry),
      text: `ADD of plugin "${entry.type}" was interrupted`,
    }));
}

function orphanedLeases(state: CniState, nowMs: number): readonly CniProblem[] {
  const owners = new Set([
    ...state.cached.map(({ network, attachment }) => ownerName(network.name, attachment)),
    ...state.records.map(({ entry }) => ownerName(entry.network, entry)),
  ]);
  return state.leases
    .filter((lease) => !owners.has(ownerName(lease.network, lease)))
    .filter(({ givenAtMs }) => nowMs - givenAtMs > graceMs)
    .map((lease) => ({
      kind: 'orphanedLease',
      network: lease.network,
      ...keyOf(lease),
      text: `address ${lease.address} is given to an attachment that nobody knows`,
      lease,
    }));
}

/** The next ADD might give the address of a running container to another one. */
function missingLeases({ cached, leases, namespaces }: CniState): readonly CniProblem[] {
  const given = new Set(leases.map(({ network, address }) => `${network} ${address}`));
  const managed = new Set(leases.map(({ network }) => network));
  return cached
    .filter(({ attachment }) => namespaces.has(attachment.netns ?? ''))
    .filter(({ network }) => managed.has(network.name))
    .flatMap((entry) =>
      addressesOf(entry)
        .filter((address) => !given.has(`${entry.network.name} ${address}`))
        .map((address) => ({
          kind: 'noLease' as const,
          network: entry.network.name,
          ...keyOf(entry.attachment),
          text: `its address ${address} has no lease`,
          cached: entry,
        })),
    );
}

/** Without prefix length. A result that cannot be read has none. */
export function addressesOf({ network, result }: CachedAttachment): readonly string[] {
  try {
    const { addresses } = decodeResult(result, network.specVersion);
    return addresses.map(({ address }) => address.split('/')[0] ?? '');
  } catch {
    return [];
  }
}

/** The oldest lease files name no interface. */
function ownerName(network: string, { containerId, interfaceName }: AttachmentKey): string {
  return `${network} ${containerId} ${interfaceName}`;
}

function nameOf({ containerId, interfaceName }: AttachmentKey): string {
  return `${containerId} ${interfaceName}`;
}

function keyOf({ containerId, interfaceName }: AttachmentKey): AttachmentKey {
  return { containerId, interfaceName };
}
