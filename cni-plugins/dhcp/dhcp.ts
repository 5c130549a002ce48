import { accessSync, constants, mkdirSync } from 'node:fs';
import { isDomainError, messageOf } from '../../src/base/error.ts';
import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import type { CniPlugin, PluginRequest } from '../../src/cni/plugin.ts';
import { specVersions } from '../../src/cni/spec-version.ts';
import { link } from '../../src/netlink/index.ts';
import { ContainerNamespace } from '../container-namespace.ts';
import { isStale, tagOf } from '../owner.ts';
import { DhcpClient } from './client.ts';
import { parseConfiguration } from './configuration.ts';
import { resultOf } from './lease.ts';
import {
  leaseFolder,
  listLeases,
  type LeaseRecord,
  readLease,
  removeLease,
  writeLease,
} from './lease-store.ts';
import { findNamespace, identityOf, optionsOf } from './maintain.ts';

/**
 * IPAM `dhcp`: an address of the network's own DHCP server. The lease is kept in a file, and
 * renewed by whichever process maintains leases, also after a restart.
 */
export const dhcp: CniPlugin = {
  type: 'dhcp',
  specVersions,

  async add(request, signal) {
    const { options, priority } = parseConfiguration(request);
    using container = await ContainerNamespace.open(request);
    const known = readLease(request);
    if (known?.namespaceId === identityOf(container) && known.lease.expireAt > Date.now()) {
      return resultOf(known.lease, priority);
    }
    using client = await DhcpClient.open(container, request.interfaceName, options);
    const lease = await acquired(client, signal);
    try {
      writeLease(recordOf(request, container, { options, lease }));
    } catch (error) {
      client.release(lease);
      throw error;
    }
    return resultOf(lease, priority);
  },

  /** Gives the address back while the interface is there; else the server waits for its end. */
  async delete(request) {
    const record = readLease(request);
    if (record === undefined) return;
    using container = await findNamespace(record);
    const own = container && (await link.find(container.connection, record.interfaceName));
    if (container !== undefined && own?.up === true) {
      using client = await DhcpClient.open(container, record.interfaceName, optionsOf(record));
      client.release(record.lease);
    }
    removeLease(request);
  },

  async check(request) {
    parseConfiguration(request);
    const record = readLease(request);
    await Promise.resolve();
    if (record !== undefined && record.lease.expireAt > Date.now()) return;
    const problem = `dhcp: no lease for container ${request.containerId}`;
    throw new CniError(CniCode.internal, problem);
  },

  async status(request) {
    parseConfiguration(request);
    const folder = leaseFolder();
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      accessSync(folder, constants.W_OK);
    } catch (error) {
      const problem = `Cannot write leases in "${folder}"`;
      throw new CniError(CniCode.notAvailable, problem, messageOf(error));
    }
    await Promise.resolve();
  },

  async collectGarbage({ networkName, validAttachments }) {
    for (const record of listLeases()) {
      if (isStale(tagOf(record), networkName, validAttachments)) removeLease(record);
    }
    await Promise.resolve();
  },
};

async function acquired(client: DhcpClient, signal: AbortSignal) {
  try {
    return await client.acquire(signal);
  } catch (error) {
    if (!isDomainError(error, 'timeout')) throw error;
    throw new CniError(CniCode.tryAgainLater, messageOf(error));
  }
}

function recordOf(
  { networkName, containerId, interfaceName, netns }: PluginRequest,
  container: ContainerNamespace,
  { options, lease }: { options: ReadonlyMap<number, Uint8Array>; lease: LeaseRecord['lease'] },
): LeaseRecord {
  return {
    networkName,
    containerId,
    interfaceName,
    netns,
    namespaceId: identityOf(container),
    options: [...options].map(([code, value]) => [code, Buffer.from(value).toString('base64')]),
    lease,
  };
}
