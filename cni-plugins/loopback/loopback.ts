import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import type { CniPlugin } from '../../src/cni/plugin.ts';
import { familyOf, type NetworkResult } from '../../src/cni/result.ts';
import { specVersions } from '../../src/cni/spec-version.ts';
import { address, link } from '../../src/netlink/index.ts';
import { ContainerNamespace } from '../container-namespace.ts';
import { noDns } from '../dns.ts';

const name = 'lo';

/** Brings the loopback interface up, whatever name the runtime calls it by. */
export const loopback: CniPlugin = {
  type: 'loopback',
  specVersions,

  async add(request) {
    using container = await ContainerNamespace.open(request);
    await link.setUp(container.connection, name);
    const addresses = await loopbackAddresses(container);
    // After another plugin its result is passed on as it is.
    if (request.previousResult !== undefined) return request.previousResult;
    const entry = { name, mac: '00:00:00:00:00:00', sandbox: request.netns };
    return { interfaces: [entry], addresses, routes: [], dns: noDns };
  },

  async delete(request) {
    using container = await ContainerNamespace.find(request);
    if (container !== undefined) await link.setDown(container.connection, name);
  },

  async check(request) {
    using container = await ContainerNamespace.open(request);
    const { up } = await link.get(container.connection, name);
    if (!up) throw new CniError(CniCode.internal, 'loopback interface is down');
  },

  // There is nothing that could be missing, and nothing outside of the container.
  async status() {},
  async collectGarbage() {},
};

/** The first of each family. Throws CniError for one that does not belong there. */
async function loopbackAddresses(
  container: ContainerNamespace,
): Promise<NetworkResult['addresses']> {
  const found = await address.list(container.connection, { device: name });
  const stranger = found.find((one) => !/^(127\.|::1\/)/.test(one.address));
  if (stranger !== undefined) {
    throw new CniError(
      CniCode.internal,
      `loopback interface found with non-loopback address "${stranger.address}"`,
    );
  }
  return ([4, 6] as const).flatMap((family) => {
    const first = found.find((one) => familyOf(one.address) === family);
    return first === undefined ? [] : [{ address: first.address, interface: 0 }];
  });
}
