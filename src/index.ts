/** The toolkit: what a script imports to experiment with the kernel. */
export { KernelError, DomainError, isKernelError, isDomainError } from './base/error.ts';
export * from './kernel/index.ts';
export { openHierarchy, type Hierarchy } from './cgroup/hierarchy.ts';
export type { Cgroup } from './cgroup/cgroup.ts';
export type { Settings } from './cgroup/setting.ts';
export * as netlink from './netlink/index.ts';
