import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { KernelError } from '../base/error.ts';
import type { CgroupAddon } from './addon/cgroup-addon.ts';
import type { CoreAddon } from './addon/core-addon.ts';
import type { NetlinkAddon } from './addon/netlink-addon.ts';
import type { LayerAddon } from './addon/layer-addon.ts';
import type { SocketAddon } from './addon/socket-addon.ts';

/** The folder that scripts/build-native fills: the addon and the static programs. */
export const buildFolder = fileURLToPath(new URL('../../native/build/', import.meta.url));

/**
 * The addon's functions. They are synchronous system calls with plain arguments, and throw
 * KernelError; each module of this folder gives those of its subject types and documentation.
 */
export interface Addon extends CgroupAddon, CoreAddon, LayerAddon, NetlinkAddon, SocketAddon {
  setErrorClass(errorClass: typeof KernelError): void;
  threadId(): number;
  /** Whether anything was given back. */
  trimHeap(): boolean;
}

export const addon: Addon = loadAddon();

function loadAddon(): Addon {
  const path = `${buildFolder}keelson.node`;
  if (!existsSync(path)) throw new Error(`${path} is missing; run scripts/build-native`);
  const loaded = createRequire(import.meta.url)(path) as Addon;
  loaded.setErrorClass(KernelError);
  return loaded;
}
