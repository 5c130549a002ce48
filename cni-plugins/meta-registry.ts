import type { CniPlugin } from '../src/cni/plugin.ts';
import { bandwidth } from './bandwidth/bandwidth.ts';
import { firewall } from './firewall/firewall.ts';
import { portmap } from './portmap/portmap.ts';
import { sbr } from './sbr/sbr.ts';
import { tuning } from './tuning/tuning.ts';
import { vrf } from './vrf/vrf.ts';

/** The plugins that change what an earlier one of a chain made. */
export const metaPlugins: readonly CniPlugin[] = [bandwidth, firewall, portmap, sbr, tuning, vrf];
