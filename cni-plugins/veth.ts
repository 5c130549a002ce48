import { isKernelError } from '../src/base/error.ts';
import { CniCode, CniError } from '../src/cni/cni-error.ts';
import type { PluginRequest } from '../src/cni/plugin.ts';
import type { AttachmentKey } from '../src/cni/result-cache.ts';
import { type Connection, link } from '../src/netlink/index.ts';
import { commit } from './commit.ts';
import { ContainerNamespace } from './container-namespace.ts';
import { randomMac } from './mac.ts';
import { removeHostLink } from './remove-host-link.ts';
import { hostLinkName, isStale, type Owner, ownerOf, tagOf } from './owner.ts';

export interface VethPlan {
  readonly owner: Owner;
  /** Where the container's end is born. */
  readonly container: ContainerNamespace;
  readonly mac?: string;
  readonly mtu?: number;
  /** Index of the bridge that the host's end belongs to. */
  readonly master?: number;
}

/** A pair of which one end is in a container. */
export interface Veth {
  readonly hostName: string;
  readonly hostMac: string;
  readonly containerName: string;
  readonly containerMac: string;
  readonly containerIndex: number;
}

/**
 * Makes a pair with all that is known of it, and with its owner's mark, in one system call: nobody
 * who is killed leaves a pair without a mark. The container's end is made where it belongs, with
 * its name; moving it there would take milliseconds. The host's end is up, the container's not.
 */
export async function createVeth(host: Connection, plan: VethPlan): Promise<Veth> {
  const { owner, container, mac: containerMac = randomMac(), mtu, master } = plan;
  const hostName = hostLinkName(owner);
  const hostMac = randomMac();
  const size = mtu === undefined ? {} : { mtu };
  const pair = link.createRequest({
    kind: 'veth',
    name: hostName,
    address: hostMac,
    up: true,
    ...size,
    ...(master !== undefined && { master }),
    peer: {
      name: owner.interfaceName,
      address: containerMac,
      namespace: container.fd,
      ...size,
    },
  });
  try {
    await commit(host, [pair, link.setRequest(hostName, { alias: tagOf(owner) })]);
  } catch (error) {
    if (isKernelError(error, 'EEXIST')) throw taken(owner, hostName);
    throw error;
  }
  const { index, name } = await link.get(container.connection, owner.interfaceName);
  return { hostName, hostMac, containerName: name, containerMac, containerIndex: index };
}

function taken({ interfaceName }: Owner, hostName: string): CniError {
  return new CniError(
    CniCode.internal,
    `container veth name ("${interfaceName}") peer provided ("${hostName}") already exists`,
  );
}

/**
 * Removes an owner's pair by the host's end, which is found without the container's namespace; and
 * otherwise what another's plugin made: the interface of the container's name, if it is a veth.
 */
export async function removeVeth(
  host: Connection,
  request: Owner & Pick<PluginRequest, 'netns' | 'netnsFd'>,
): Promise<void> {
  const own = await link.find(host, hostLinkName(ownerOf(request)));
  if (own !== undefined) return await removeHostLink(own.index);
  using container = await ContainerNamespace.find(request);
  if (container === undefined) return;
  const found = await link.find(container.connection, request.interfaceName);
  if (found?.kind === 'veth') await link.remove(container.connection, found.index);
}

/** GC: removes the pairs of a network that belong to no valid attachment, all of them at once. */
export async function collectVeths(
  host: Connection,
  networkName: string,
  valid: readonly AttachmentKey[],
): Promise<void> {
  const veths = await link.list(host, { kind: 'veth' });
  const stale = veths.filter(({ alias }) => isStale(alias, networkName, valid));
  await Promise.all(stale.map(({ index }) => removeHostLink(index)));
}
