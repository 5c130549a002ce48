import type { CniPlugin, PluginRequest } from '../../src/cni/plugin.ts';
import { specVersions } from '../../src/cni/spec-version.ts';
import { configuredDns, noDns } from '../dns.ts';
import { containerLinkPlugin } from '../container-link.ts';
import { ipamOf } from '../ipam.ts';
import { undoable } from '../undo.ts';
import { findDevice, parseDevice } from './find-device.ts';
import { moveIn, moveOut, renameLost } from './move-device.ts';

const moving = containerLinkPlugin({
  type: 'host-device',
  kind: undefined,
  needsIpam: () => false,
  detectDuplicates: true,
  keepsDns: false,
  parse: parseDevice,

  async create({ request, host, container }, configuration) {
    const device = await findDevice(host, configuration);
    await moveIn({ host, container, name: request.interfaceName }, device);
  },

  async remove({ request, host, container }) {
    await moveOut({ host, container, name: request.interfaceName });
  },

  async removeLost(host, { device }) {
    await renameLost(host, device);
  },
  // No `status`: a device that is not there may just be in a container, which is no fault.
});

/** Gives a device of the host to the container, and back. */
export const hostDevice: CniPlugin = {
  type: 'host-device',
  specVersions,

  async add(request, signal) {
    if (!parseDevice(request).userspace) return await moving.add(request, signal);
    return await addressesAlone(request, signal);
  },

  async delete(request, signal) {
    if (!parseDevice(request).userspace) return await moving.delete(request, signal);
    await ipamOf(request, signal)?.delete();
  },

  async check(request, signal) {
    if (!parseDevice(request).userspace) return await moving.check(request, signal);
    await ipamOf(request, signal)?.check();
  },

  async status(request, signal) {
    if (!parseDevice(request).userspace) return await moving.status(request, signal);
    await ipamOf(request, signal)?.status();
  },

  async collectGarbage(request, signal) {
    await moving.collectGarbage(request, signal);
  },
};

/** A program in the container drives the device itself; it is told its addresses by the result. */
async function addressesAlone(request: PluginRequest, signal: AbortSignal) {
  const interfaces = [{ name: request.interfaceName, sandbox: request.netns }];
  const ipam = ipamOf(request, signal);
  if (ipam === undefined) return { interfaces, addresses: [], routes: [], dns: noDns };
  return await undoable(async (undo) => {
    const given = await ipam.add(undo);
    const addresses = given.addresses.map((one) => ({ ...one, interface: 0 }));
    return { ...given, interfaces, addresses, dns: configuredDns(request) ?? noDns };
  });
}
