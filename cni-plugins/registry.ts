import type { CniPlugin } from '../src/cni/plugin.ts';
import { bridge } from './bridge/bridge.ts';
import { hostLocal } from './host-local/host-local.ts';

/** Every plugin of keelson, by its type. */
export const plugins: ReadonlyMap<string, CniPlugin> = new Map(
  [bridge, hostLocal].map((plugin) => [plugin.type, plugin]),
);
