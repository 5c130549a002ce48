import type { CniPlugin } from '../src/cni/plugin.ts';
import { bandwidth } from './bandwidth/bandwidth.ts';
import { portmap } from './portmap/portmap.ts';

/** The plugins that change what an earlier one of a chain made. */
export const metaPlugins: readonly CniPlugin[] = [bandwidth, portmap];
