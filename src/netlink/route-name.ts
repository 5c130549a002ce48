/** The numbers of linux/rtnetlink.h and the words that iproute2 has for them. */
export const routeScopes = { global: 0, site: 200, link: 253, host: 254, nowhere: 255 } as const;
export type RouteScope = keyof typeof routeScopes;

export const routeTypes = {
  unspecified: 0,
  unicast: 1,
  local: 2,
  broadcast: 3,
  anycast: 4,
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
  throw: 9,
} as const;
export type RouteType = keyof typeof routeTypes;

/** Who installed a route. Numbers above 4 are free for daemons to mark their own. */
export const routeProtocols = {
  unspecified: 0,
  redirect: 1,
  kernel: 2,
  boot: 3,
  static: 4,
  ra: 9,
  dhcp: 16,
} as const;
export type RouteProtocol = keyof typeof routeProtocols;

export const routeTables = { unspecified: 0, default: 253, main: 254, local: 255 } as const;

type Names = Readonly<Record<string, number>>;

/** The name of a number, or the number when it has none. */
export function nameOf<Table extends Names>(names: Table, value: number): keyof Table | number {
  for (const name in names) if (names[name] === value) return name;
  return value;
}

export function numberOf<Table extends Names>(names: Table, name: keyof Table | number): number {
  if (typeof name === 'number') return name;
  const value = names[name];
  if (value === undefined) throw new TypeError(`${String(name)} is not in this table`);
  return value;
}
