import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { Fields } from '../../src/cni/json.ts';
import { link, tap as tapDevice } from '../../src/netlink/index.ts';
import { containerLinkPlugin } from '../container-link.ts';
import { refuseUnknownArguments, requestedMac } from '../mac.ts';

/** An Ethernet interface whose frames a program reads and writes: a virtual machine, usually. */
export const tap = containerLinkPlugin({
  type: 'tap',
  kind: 'tun',
  needsIpam: () => false,
  detectDuplicates: false,
  keepsDns: false,

  parse(request) {
    refuseUnknownArguments(request);
    const fields = new Fields(request.config, 'the tap configuration');
    if (fields.string('selinuxContext') !== '') {
      throw new CniError(
        CniCode.unsupportedField,
        'selinuxContext is not supported: the device would not have that label',
      );
    }
    return {
      multiQueue: fields.boolean('multiQueue'),
      mtu: fields.index('mtu') || undefined,
      mac: requestedMac(request, fields.string('mac')),
      owner: fields.index('owner'),
      group: fields.index('group'),
      bridge: fields.string('bridge'),
    };
  },

  async create({ request, container }, { multiQueue, mtu, mac, owner, group, bridge }) {
    const { connection, fd } = container;
    const name = request.interfaceName;
    // Looked up before anything is made. It is the container's own bridge, not the host's.
    const master = bridge === '' ? undefined : await link.indexOf(connection, bridge);
    await tapDevice.create({
      name,
      mode: 'tap',
      namespace: fd,
      multiQueue,
      ...(owner !== undefined && { owner }),
      ...(group !== undefined && { group }),
    });
    try {
      await link.set(connection, name, {
        ...(mtu !== undefined && { mtu }),
        ...(mac !== undefined && { address: mac }),
        ...(master !== undefined && { master }),
        up: true,
      });
    } catch (error) {
      await link.remove(connection, name);
      throw error;
    }
  },
});
