import { route } from '../src/netlink/index.ts';

/** A route as it is, for another table of the same namespace. */
export function inTable(one: route.Route, table: number): route.NewRoute {
  const { to, family, via, source, metric, onLink, metrics, nextHops, index } = one;
  return {
    to,
    family,
    table,
    onLink,
    protocol: one.protocol,
    ...(typeof one.scope === 'string' && family === 'ipv4' && { scope: one.scope }),
    ...(typeof one.type === 'string' && { type: one.type }),
    ...(via !== undefined && { via }),
    ...(source !== undefined && { source }),
    ...(metric !== undefined && { metric }),
    ...(metrics !== undefined && { metrics }),
    ...(nextHops !== undefined ? { nextHops } : index !== undefined && { device: index }),
  };
}

/** IPv6 itself needs it at its place: neighbours and routers are found by it. */
export function isLinkLocal({ to }: route.Route): boolean {
  return to === 'fe80::/64';
}
