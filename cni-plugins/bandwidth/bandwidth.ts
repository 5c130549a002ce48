import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import type { CniPlugin, PluginRequest } from '../../src/cni/plugin.ts';
import type { NetworkResult } from '../../src/cni/result.ts';
import { specVersions } from '../../src/cni/spec-version.ts';
import { type Connection, link, open } from '../../src/netlink/index.ts';
import { ContainerNamespace } from '../container-namespace.ts';
import { previousResultOf } from '../previous-result.ts';
import { isStale } from '../owner.ts';
import { removeHostLink } from '../remove-host-link.ts';
import { bucketFor, type Bucket } from './bucket.ts';
import { type BandwidthConfiguration, parseConfiguration } from './configuration.ts';
import {
  findHostInterface,
  findIfb,
  type LimitedInterface,
  readLimits,
  setLimits,
} from './limit.ts';

/**
 * Meta plugin `bandwidth`: a token bucket on the host's end of a pod's veth for what the pod
 * receives, and one on an ifb for what it sends.
 */
export const bandwidth: CniPlugin = {
  type: 'bandwidth',
  specVersions,

  async add(request) {
    const configuration = parseConfiguration(request);
    if (isEmpty(configuration)) return request.previousResult ?? nothing;
    const result = previousResultOf(request);
    using host = await open();
    const target = await targetOf(host, request, result);
    try {
      const { ifb } = await setLimits(host, target, configuration);
      if (ifb === undefined) return result;
      const entry = { name: ifb.name, ...(ifb.address !== undefined && { mac: ifb.address }) };
      return { ...result, interfaces: [...result.interfaces, entry] };
    } catch (error) {
      await setLimits(host, target, unlimited).catch(() => undefined);
      throw error;
    }
  },

  /** The bucket on the veth goes with the veth. */
  async delete(request) {
    using host = await open();
    const found = await findIfb(host, request);
    if (found !== undefined) await removeHostLink(found.index);
  },

  async check(request) {
    const configuration = parseConfiguration(request);
    const result = previousResultOf(request);
    using host = await open();
    const target = await targetOf(host, request, result);
    if (isEmpty(configuration)) return;
    const present = await readLimits(host, target);
    const frameBytes = target.host.mtu + 14;
    for (const direction of ['ingress', 'egress'] as const) {
      const limit = configuration[direction];
      if (limit === undefined) continue;
      const wanted = bucketFor(limit, frameBytes, configuration.latencyMs);
      compare(direction, wanted, present[direction]);
    }
  },

  async status(request) {
    parseConfiguration(request);
    using host = await open();
    await link.list(host, { kind: 'ifb' });
  },

  async collectGarbage(request) {
    const { networkName, validAttachments } = request;
    using host = await open();
    const owned = await link.list(host, { kind: 'ifb' });
    const left = owned.filter(({ alias }) => isStale(alias, networkName, validAttachments));
    await Promise.all(left.map(({ index }) => removeHostLink(index)));
  },
};

const nothing: NetworkResult = {
  interfaces: [],
  addresses: [],
  routes: [],
  dns: { nameservers: [], search: [], options: [] },
};

const unlimited: BandwidthConfiguration = {
  scope: { kind: 'all', prefixes: [] },
  latencyMs: 1,
};

function isEmpty({ ingress, egress }: BandwidthConfiguration): boolean {
  return ingress === undefined && egress === undefined;
}

/** The host's end must be one that an earlier plugin made, not whatever a pod has moved in. */
async function targetOf(
  host: Connection,
  request: PluginRequest,
  result: NetworkResult,
): Promise<LimitedInterface> {
  using container = await ContainerNamespace.open(request);
  const found = await findHostInterface(host, container.connection, request.interfaceName);
  const own = result.interfaces.filter(({ sandbox = '' }) => sandbox === '');
  if (result.interfaces.length > 0 && !own.some(({ name }) => name === found.name)) {
    const problem = 'no veth peer of container interface found in host ns';
    throw new CniError(CniCode.internal, problem, `"${found.name}" is not in the result`);
  }
  return { owner: request, host: found };
}

/** The kernel keeps the burst as a time, in steps of 64 ns. */
function compare(direction: string, wanted: Bucket, found: Bucket | undefined): void {
  if (found === undefined) refuse(`Failed to find qdisc for ${direction}`);
  if (found.rateBytes !== wanted.rateBytes) refuse(`Rate doesn't match for ${direction}`);
  if (found.limitBytes !== wanted.limitBytes) refuse(`Limit doesn't match for ${direction}`);
  const stepBytes = wanted.rateBytes * 64e-9 + 1;
  const off = Math.abs(found.burstBytes - wanted.burstBytes);
  if (off > stepBytes) refuse(`Buffer doesn't match for ${direction}`);
}

function refuse(problem: string): never {
  throw new CniError(CniCode.internal, problem);
}
