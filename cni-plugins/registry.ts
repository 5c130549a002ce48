import type { CniPlugin } from '../src/cni/plugin.ts';
import { bridge } from './bridge/bridge.ts';
import { dhcp } from './dhcp/dhcp.ts';
import { dummy } from './dummy/dummy.ts';
import { hostDevice } from './host-device/host-device.ts';
import { hostLocal } from './host-local/host-local.ts';
import { ipvlan } from './ipvlan/ipvlan.ts';
import { loopback } from './loopback/loopback.ts';
import { macvlan } from './macvlan/macvlan.ts';
import { metaPlugins } from './meta-registry.ts';
import { overlay } from './overlay/overlay.ts';
import { ptp } from './ptp/ptp.ts';
import { staticIpam } from './static/static.ts';
import { tap } from './tap/tap.ts';
import { vlan } from './vlan/vlan.ts';

const main = [bridge, dummy, hostDevice, ipvlan, loopback, macvlan, overlay, ptp, tap, vlan];
const ipam = [dhcp, hostLocal, staticIpam];

/** Every plugin of keelson, by its type. */
export const plugins: ReadonlyMap<string, CniPlugin> = new Map(
  [...main, ...ipam, ...metaPlugins].map((plugin) => [plugin.type, plugin]),
);
