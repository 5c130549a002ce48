import { isKernelError } from '../../src/base/error.ts';
import { tryWriteSysctls } from '../../src/kernel/sysctl.ts';
import { type Connection, link } from '../../src/netlink/index.ts';
import { hostLinkName } from '../owner.ts';
import { configurePort, type PortSettings } from './port.ts';

/**
 * The host's own interface in a VLAN of the bridge, `cni0.100`: one end of a pair whose other end
 * is a port in that VLAN. All containers of the VLAN share it, so no DEL takes it away.
 */
export async function ensureVlanGateway(
  host: Connection,
  { bridge, settings }: { readonly bridge: link.Link; readonly settings: PortSettings },
): Promise<link.Link> {
  const name = `${bridge.name}.${settings.vlan}`;
  const found = await link.find(host, name);
  if (found !== undefined) return found;
  const port = hostLinkName({ networkName: bridge.name, containerId: '', interfaceName: name });
  try {
    await link.create(host, {
      kind: 'veth',
      name: port,
      up: true,
      master: bridge.index,
      mtu: bridge.mtu,
      peer: { name, mtu: bridge.mtu },
    });
  } catch (error) {
    // Another ADD was faster.
    if (!isKernelError(error, 'EEXIST')) throw error;
  }
  const { vlan, preserveDefaultVlan } = settings;
  const plain = { vlan, preserveDefaultVlan, trunk: [], hairpin: false, portIsolation: false };
  await configurePort(host, port, { settings: plain, bridge });
  await tryWriteSysctls(
    [name, port].map((each) => ({ name: `net/ipv6/conf/${each}/accept_ra`, value: '0' })),
  );
  await link.setUp(host, name);
  return await link.get(host, name);
}
