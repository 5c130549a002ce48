/** The kernel bindings, one module a subject. */
export { Descriptor, closeDescriptor } from './descriptor.ts';
export * from './extent.ts';
export type { FileSystemStatus, Path } from './file-addon.ts';
export * from './file.ts';
export * from './open.ts';
export * from './stat.ts';
export * from './xattr.ts';
export { threadId } from './thread.ts';
