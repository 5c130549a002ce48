/** The toolkit: what a script imports to experiment with the kernel. */
export { KernelError, DomainError, isKernelError, isDomainError } from './base/error.ts';
export * from './kernel/index.ts';
export * as cgroup from './cgroup/index.ts';
export * as netlink from './netlink/index.ts';
export { spawn, type SpawnedProcess, type SpawnExit, type SpawnOptions } from './kernel/spawn.ts';
