import type { FileAddon } from './file-addon.ts';
import type { MountAddon } from './mount-addon.ts';
import type { NamespaceAddon } from './namespace-addon.ts';
import type { PrivilegeAddon } from './privilege-addon.ts';
import type { ProcessAddon } from './process-addon.ts';
import type { SeccompAddon } from './seccomp-addon.ts';

/** The addon's calls for the subjects of this folder. */
export interface CoreAddon
  extends FileAddon, MountAddon, NamespaceAddon, PrivilegeAddon, ProcessAddon, SeccompAddon {
  /** By a thread of the pool; links are not followed, and what is mounted is not entered. */
  removeTree(path: string): Promise<void>;
}
