/** The kernel bindings, one module a subject. */
export * from './create-namespaces.ts';
export { Descriptor, closeDescriptor } from './descriptor.ts';
export * from './extent.ts';
export type { FileSystemStatus, Path } from './file-addon.ts';
export * from './file.ts';
export * from './inside.ts';
export * from './list-namespaces.ts';
export * from './mountinfo.ts';
export { CloneFlag, namespaceKinds, type NamespaceKind } from './namespace-kind.ts';
export * from './namespace.ts';
export * from './open.ts';
export { AddressFamily, encodeSocketAddress, type SocketAddress } from './socket-address.ts';
export * from './stat.ts';
export { threadId } from './thread.ts';
export * from './xattr.ts';
