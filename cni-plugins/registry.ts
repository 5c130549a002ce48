import type { CniPlugin } from '../src/cni/plugin.ts';
import { bridge } from './bridge/bridge.ts';
import { hostLocal } from './host-local/host-local.ts';
import { metaPlugins } from './meta-registry.ts';

/** Every plugin of keelson, by its type. */
export const plugins: ReadonlyMap<string, CniPlugin> = new Map(
  [bridge, hostLocal, ...metaPlugins].map((plugin) => [plugin.type, plugin]),
);
