/**
 * Netlink: the kernel's interface to links, addresses, routes and neighbours, in any network
 * namespace. `open` gives a connection; each subject is a module: `link.get(connection, 'eth0')`.
 */
export { open, Connection, type ConnectionOptions } from './connection.ts';
export type { BatchFailure } from './batch-answer.ts';
export type { NamespaceReference } from './open-socket.ts';
export type { Request } from './request.ts';
export { subscribe, type RouteEvent, type RouteSubject } from './subscribe.ts';
export { Subscription, type Resync, type SubscriptionOptions } from './subscription.ts';
export * as link from './link.ts';
export * as address from './address.ts';
export * as route from './route.ts';
export * as neighbour from './neighbour.ts';
export * as qdisc from './qdisc.ts';
export * as trafficClass from './class.ts';
export * as filter from './filter.ts';
export * as nftables from './nftables/index.ts';
export * as rule from './rule.ts';
export * as fdb from './fdb.ts';
export * as bridgePort from './bridge-port.ts';
export * as namespaceId from './namespace-id.ts';
export * as conntrack from './conntrack.ts';
export * as generic from './generic.ts';
export * as tap from './tap.ts';
