import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode, messageOf } from '../../src/base/error.ts';
import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import type { CniPlugin, PluginRequest } from '../../src/cni/plugin.ts';
import type { NetworkResult, ResultDns } from '../../src/cni/result.ts';
import { specVersions } from '../../src/cni/spec-version.ts';
import { type Allocation, allocateNext, allocateRequested, type Pool } from './allocate.ts';
import { type HostLocalConfiguration, parseConfiguration } from './configuration.ts';
import { LeaseFolder, type Owner } from './lease-folder.ts';
import { LeaseIndex } from './lease-index.ts';
import { type AddressNumber, addressOf, numberOf } from './number.ts';
import { contains, describe, type RangeSet } from './range.ts';
import { readResolvConf } from './resolv-conf.ts';

/**
 * IPAM `host-local`: addresses of this host's own ranges, kept on disk as the reference keeps them.
 * Finding an address takes the same time with 1 lease and with 20,000; just-released ones rest.
 */
export const hostLocal: CniPlugin = {
  type: 'host-local',
  specVersions,

  async add(request, signal) {
    const configuration = parseConfiguration(request);
    const allocations = await withLeases(request, { configuration, signal }, (leases) =>
      allocateAll(leases, configuration, ownerOf(request)),
    );
    return resultOf(configuration, allocations);
  },

  async delete(request, signal) {
    const configuration = parseConfiguration(request);
    if (!existsSync(join(configuration.dataFolder, request.networkName))) return;
    const belongs = (address: string) => inAny(configuration.sets, address);
    const owner = ownerOf(request);
    await withLeases(request, { configuration, signal }, ({ index }) => {
      index.release(owner, belongs);
    });
  },

  async check(request, signal) {
    const configuration = parseConfiguration(request);
    const found = await withLeases(request, { configuration, signal }, ({ index }) =>
      index.addressesOf(ownerOf(request)),
    );
    if (found.length > 0) return;
    throw new CniError(
      CniCode.internal,
      `host-local: Failed to find address added by container ${request.containerId}`,
    );
  },

  async status(request, signal) {
    const configuration = parseConfiguration(request);
    const taken = await withLeases(request, { configuration, signal }, ({ folder }) =>
      folder.addresses().map(numberOf),
    );
    const full = configuration.sets.find((set) => isFull(set, taken));
    if (full === undefined) return;
    throw new CniError(
      CniCode.notAvailable,
      `no IP addresses available in range set: ${describe(full)}`,
    );
  },

  async collectGarbage(request, signal) {
    const configuration = parseConfiguration(request);
    if (!existsSync(join(configuration.dataFolder, request.networkName))) return;
    const valid = new Set(request.validAttachments.map(keyOf));
    await withLeases(request, { configuration, signal }, ({ index }) => {
      index.removeNobodys();
      index.rebuild();
      for (const owner of index.owners()) {
        if (!valid.has(keyOf(owner))) index.release(owner, () => true);
      }
    });
  },
};

interface Leases {
  readonly folder: LeaseFolder;
  readonly index: LeaseIndex;
}

async function withLeases<Value>(
  request: PluginRequest,
  { configuration, signal }: { configuration: HostLocalConfiguration; signal: AbortSignal },
  work: (leases: Leases) => Value,
): Promise<Value> {
  const { dataFolder } = configuration;
  try {
    using folder = await LeaseFolder.open(dataFolder, request.networkName, signal);
    const index = new LeaseIndex(folder, dataFolder, request.networkName);
    const value = work({ folder, index });
    index.seal();
    return value;
  } catch (error) {
    if (!hasCode(error, 'ENOSPC', 'EROFS', 'EACCES', 'EPERM', 'EDQUOT')) throw error;
    throw new CniError(CniCode.io, `Cannot write leases in "${dataFolder}"`, messageOf(error));
  }
}

/** One address of each set, or none at all. */
function allocateAll(
  leases: Leases,
  { sets, requested }: HostLocalConfiguration,
  owner: Owner,
): readonly Allocation[] {
  const owned = leases.index.knownOf(owner);
  const given: Allocation[] = [];
  try {
    const wanted = new Set(requested);
    for (const [number, set] of sets.entries()) {
      refuseSecond(set, owned, owner);
      const request = [...wanted].find((address) => contains(set, address) !== undefined);
      if (request !== undefined) wanted.delete(request);
      given.push(allocate(leases, { set, number, request, owner }));
    }
    refuseUnused([...wanted]);
    return given;
  } catch (error) {
    const mine = new Set(given.map(({ address }) => address));
    leases.index.release(owner, (address) => mine.has(address), false);
    throw error;
  }
}

interface Want {
  readonly set: RangeSet;
  readonly number: number;
  readonly request: AddressNumber | undefined;
  readonly owner: Owner;
}

function allocate({ folder, index }: Leases, { set, number, request, owner }: Want): Allocation {
  const pool: Pool = {
    reserve: (address) => index.reserve(address, owner),
    rests: (address) => index.rests(address),
    taken: () => new Set(folder.addresses()),
    last: folder.last(number),
  };
  const allocation =
    request === undefined ? allocateNext(set, pool) : allocateRequested(set, request, pool);
  folder.setLast(number, allocation.address);
  return allocation;
}

function refuseSecond(set: RangeSet, owned: readonly string[], owner: Owner): void {
  const twin = owned.find((address) => contains(set, numberOf(address)));
  if (twin === undefined) return;
  throw new CniError(
    CniCode.internal,
    `${twin} has been allocated to ${owner.containerId}, duplicate allocation is not allowed`,
  );
}

function refuseUnused(addresses: readonly AddressNumber[]): void {
  if (addresses.length === 0) return;
  const list = addresses.map(addressOf).join(' ');
  throw new CniError(CniCode.internal, `failed to allocate all requested IPs: ${list}`);
}

function resultOf(
  { routes, resolvConf }: HostLocalConfiguration,
  allocations: readonly Allocation[],
): NetworkResult {
  return {
    interfaces: [],
    addresses: allocations.map(({ address, range }) => ({
      address: `${address}/${range.prefixLength}`,
      gateway: addressOf({ value: range.gateway, bits: range.bits }),
    })),
    routes,
    dns: resolvConf === '' ? noDns : readResolvConf(resolvConf),
  };
}

const noDns: ResultDns = { nameservers: [], search: [], options: [] };

/** True when every address of the set but its gateways is taken. */
function isFull(set: RangeSet, taken: readonly AddressNumber[]): boolean {
  const size = set.reduce((sum, range) => sum + range.last - range.first + 1n, 0n);
  const gateways = set.filter(
    (range) => range.first <= range.gateway && range.gateway <= range.last,
  );
  const used = taken.filter((address) => contains(set, address) !== undefined).length;
  return BigInt(used + gateways.length) >= size;
}

function inAny(sets: readonly RangeSet[], address: string): boolean {
  return sets.some((set) => contains(set, numberOf(address)) !== undefined);
}

function ownerOf({ containerId, interfaceName }: PluginRequest): Owner {
  return { containerId, interfaceName };
}

function keyOf({ containerId, interfaceName }: Owner): string {
  return `${containerId} ${interfaceName}`;
}
