import type { CniPlugin } from '../../src/cni/plugin.ts';
import { hostLocal } from '../host-local/host-local.ts';

/** The plugins that give addresses: others call them in this process, without a program. */
export const ipamPlugins: ReadonlyMap<string, CniPlugin> = new Map(
  [hostLocal].map((plugin) => [plugin.type, plugin]),
);
