import { DomainError, isKernelError } from '../base/error.ts';
import type { Connection } from './connection.ts';
import { familyNumber, familyOf, parseIp, parsePrefix, type Family } from './ip.ts';
import { indexOf, type Device } from './link.ts';
import { flag, hostIsLittle } from './message.ts';
import type { Request } from './request.ts';
import {
  nextHopFlag,
  readRoute,
  routeTable,
  routeType,
  type NextHop,
  type Route,
  type RouteMetrics,
} from './route-message.ts';
import { numberOf, routeProtocols, routeScopes, routeTables, routeTypes } from './route-name.ts';
import type { RouteProtocol, RouteScope, RouteType } from './route-name.ts';

export { readRoute, type NextHop, type Route, type RouteMetrics } from './route-message.ts';

export interface NewRoute {
  /** `10.0.0.0/8`, or `default` for the family of `via` (or `family`). */
  readonly to: string;
  readonly family?: Family;
  /** The gateway; one of the other family is allowed for IPv4 routes. */
  readonly via?: string;
  readonly device?: Device;
  /** The source address of packets that take it: `src` of `ip route`. */
  readonly source?: string;
  readonly metric?: number;
  /** `main` by default. */
  readonly table?: number;
  readonly type?: RouteType;
  readonly scope?: RouteScope;
  /** Who installs it; `boot` by default, as `ip route`. A daemon marks its own with a number. */
  readonly protocol?: RouteProtocol | number;
  /** The gateway is reachable on the device though no route says so. */
  readonly onLink?: boolean;
  /** Several ways instead of `via` and `device`. */
  readonly nextHops?: readonly NextHop[];
  readonly metrics?: RouteMetrics;
}

/** Throws KernelError EEXIST when there is one to the same prefix. `ip route add`. */
export async function add(connection: Connection, route: NewRoute): Promise<void> {
  await connection.transact(addRequest(await resolved(connection, route)));
}

/** Adds the route or replaces the one with equal prefix, metric and table. `ip route replace`. */
export async function replace(connection: Connection, route: NewRoute): Promise<void> {
  await connection.transact(replaceRequest(await resolved(connection, route)));
}

/** Resolves to false when there was no such route. `ip route delete`. */
export async function remove(connection: Connection, route: NewRoute): Promise<boolean> {
  try {
    await connection.transact(removeRequest(await resolved(connection, route)));
    return true;
  } catch (error) {
    if (isKernelError(error, 'ESRCH', 'ENODEV')) return false;
    throw error;
  }
}

export interface RouteFilter {
  readonly family?: Family;
  /** `main` by default; 0 for all tables. */
  readonly table?: number;
  readonly device?: Device;
  readonly protocol?: RouteProtocol | number;
}

/** The routes of a table, without the kernel's cached copies. `ip route show`. */
export async function list(connection: Connection, filter: RouteFilter = {}): Promise<Route[]> {
  const table = filter.table ?? routeTables.main;
  const index = filter.device === undefined ? undefined : await indexOf(connection, filter.device);
  const protocol =
    filter.protocol === undefined ? undefined : numberOf(routeProtocols, filter.protocol);
  const request: Request = {
    call: 'RTM_GETROUTE',
    type: routeType.get,
    flags: flag.dump,
    write(writer) {
      const offset = writer.reserve(12);
      writer.view.setUint8(offset, familyNumber(filter.family));
      writer.view.setUint8(offset + 5, protocol ?? 0);
      routeTable.write(writer, { table: table === 0 ? undefined : table, outputIndex: index });
    },
  };
  const routes = await dumped(connection, request);
  return routes.filter(
    (route) =>
      !route.cloned &&
      (table === 0 || route.table === table) &&
      (index === undefined || route.index === index) &&
      (protocol === undefined || numberOf(routeProtocols, route.protocol) === protocol),
  );
}

/** With strict checking, a table that was never used is ENOENT rather than empty. */
async function dumped(connection: Connection, request: Request): Promise<Route[]> {
  try {
    return await connection.transact(request, readRoute);
  } catch (error) {
    if (isKernelError(error, 'ENOENT')) return [];
    throw error;
  }
}

/**
 * The route that a packet to this address takes.
 * Throws KernelError ENETUNREACH when there is none. `ip route get ADDRESS`.
 */
export async function get(connection: Connection, address: string): Promise<Route> {
  const bytes = parseIp(address);
  const request: Request = {
    call: 'RTM_GETROUTE',
    type: routeType.get,
    flags: 0,
    object: address,
    write(writer) {
      const offset = writer.reserve(12);
      writer.view.setUint8(offset, familyOf(bytes));
      writer.view.setUint8(offset + 1, bytes.length * 8);
      routeTable.write(writer, { destination: address });
    },
  };
  const [route] = await connection.transact(request, readRoute);
  if (route === undefined) throw new Error(`RTM_GETROUTE ${address}: no answer`);
  return route;
}

/** For `transact` and `batch`; the device is an index. */
export function addRequest(route: NewRoute): Request {
  return change(route, 'RTM_NEWROUTE', flag.create | flag.exclusive);
}

/**
 * A further route to the same prefix, before the ones that are there; for IPv6 a further way.
 * For `transact` and `batch`; the device is an index. `ip route prepend`.
 */
export function prependRequest(route: NewRoute): Request {
  return change(route, 'RTM_NEWROUTE', flag.create);
}

/** For `transact` and `batch`; the device is an index. */
export function replaceRequest(route: NewRoute): Request {
  return change(route, 'RTM_NEWROUTE', flag.create | flag.replace);
}

/** For `transact` and `batch`; the device is an index. */
export function removeRequest(route: NewRoute): Request {
  return change(route, 'RTM_DELROUTE', 0);
}

function change(route: NewRoute, call: 'RTM_NEWROUTE' | 'RTM_DELROUTE', flags: number): Request {
  const { device } = route;
  if (typeof device === 'string') {
    throw new DomainError('invalid', `A request takes the index of "${device}"`);
  }
  const destination = route.to === 'default' ? undefined : parsePrefix(route.to);
  const family = destination === undefined ? defaultFamily(route) : familyOf(destination.bytes);
  const removing = call === 'RTM_DELROUTE';
  const table = route.table ?? routeTables.main;
  return {
    call,
    type: removing ? routeType.remove : routeType.new,
    flags: flag.acknowledge | flags,
    object: route.via === undefined ? route.to : `${route.to} via ${route.via}`,
    write(writer) {
      const offset = writer.reserve(12);
      writer.view.setUint8(offset, family);
      writer.view.setUint8(offset + 1, destination?.length ?? 0);
      writer.view.setUint8(offset + 4, table > 255 ? 0 : table);
      const protocol = route.protocol ?? (removing ? 'unspecified' : 'boot');
      writer.view.setUint8(offset + 5, numberOf(routeProtocols, protocol));
      writer.view.setUint8(offset + 6, numberOf(routeScopes, scopeOf(route, removing)));
      const type = route.type ?? (removing ? 'unspecified' : 'unicast');
      writer.view.setUint8(offset + 7, numberOf(routeTypes, type));
      const bits = route.onLink === true ? nextHopFlag.onLink : 0;
      writer.view.setUint32(offset + 8, bits, hostIsLittle);
      const foreign = route.via !== undefined && familyOf(parseIp(route.via)) !== family;
      routeTable.write(writer, {
        destination: destination?.address,
        gateway: foreign ? undefined : route.via,
        via: foreign ? route.via : undefined,
        preferredSource: route.source,
        priority: route.metric,
        table: table > 255 ? table : undefined,
        metrics: route.metrics,
        multipath: route.nextHops,
        outputIndex: device,
      });
    },
  };
}

/** As iproute2: without a gateway the destination is on the link. */
function scopeOf(route: NewRoute, removing: boolean): RouteScope {
  if (route.scope !== undefined) return route.scope;
  if (removing) return 'nowhere';
  const type = route.type ?? 'unicast';
  if (type === 'local') return 'host';
  if (type === 'broadcast' || type === 'multicast' || type === 'anycast') return 'link';
  const direct = route.via === undefined && route.nextHops === undefined;
  return type === 'unicast' && direct ? 'link' : 'global';
}

function defaultFamily(route: NewRoute): number {
  if (route.family !== undefined) return familyNumber(route.family);
  const gateway = route.via ?? route.nextHops?.[0]?.via;
  if (gateway === undefined) {
    throw new DomainError('invalid', 'A default route needs a gateway or a family');
  }
  return familyOf(parseIp(gateway));
}

async function resolved(connection: Connection, route: NewRoute): Promise<NewRoute> {
  if (typeof route.device !== 'string') return route;
  return { ...route, device: await indexOf(connection, route.device) };
}
