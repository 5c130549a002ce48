export * from '../src/netlink/prefix.ts';
