import { familyOf, type ResultAddress } from '../../src/cni/result.ts';
import { type Request, route, rule } from '../../src/netlink/index.ts';
import type { Change } from '../commit.ts';
import { inTable, isLinkLocal } from '../move-routes.ts';
import { holds, hostOf, networkOf } from '../prefix.ts';
import type { SbrConfiguration } from './configuration.ts';

/** As the reference: below it are the tables of administrators. */
export const firstTable = 100;
/** 253 to 255 are the kernel's own. */
const kernelTables = [253, 254, 255];

export interface Move {
  readonly configuration: SbrConfiguration;
  readonly addresses: readonly ResultAddress[];
  /** Index of the interface. */
  readonly device: number;
  /** Its routes in the main table. */
  readonly routes: readonly route.Route[];
  /** One for each address. */
  readonly tables: readonly number[];
}

/** The first tables that no rule and no route has. */
export function freeTables(users: readonly { readonly table: number }[], count: number): number[] {
  const taken = new Set([...users.map(({ table }) => table), ...kernelTables]);
  const found: number[] = [];
  for (let table = firstTable; found.length < count; table++) {
    if (!taken.has(table)) found.push(table);
  }
  return found;
}

/**
 * Each address gets a rule and a table with the default route to its gateway and with the routes
 * that its network has. They leave the main table last, for a gateway must stay reachable.
 */
export function planMove(move: Move): readonly (Request | Change)[] {
  const { addresses, tables, routes } = move;
  const moved = routes.filter((one) => !isLinkLocal(one));
  const hints = move.configuration.addSourceHints;
  const kept = (one: route.Route) => hints && one.scope === 'link';
  return [
    ...addresses.flatMap((address, index) => planTable(move, address, tables[index] ?? firstTable)),
    ...(hints ? addresses.map((address) => hintFor(move, address)) : []),
    ...moved
      .filter((one) => !kept(one))
      .map((one) => ({ request: removeRequest(one), harmless: ['ESRCH'] })),
  ];
}

function planTable(
  { configuration, device, routes }: Move,
  { address, gateway }: ResultAddress,
  table: number,
): Request[] {
  const family = familyOf(address);
  const via = configuration.gateways[family] ?? gateway;
  const own = routes.filter(
    (one) => one.family === `ipv${family}` && !isLinkLocal(one) && belongs(one, address),
  );
  // Networks go before gateways, which are reached by them.
  const ordered = own.toSorted((a, b) => Number(a.via !== undefined) - Number(b.via !== undefined));
  const networks = ordered.filter((one) => one.via === undefined);
  // A gateway of the configuration is meant in place of the one that is there.
  const fixed = configuration.gateways[family] !== undefined;
  const others = ordered.filter((one) => one.via !== undefined && !(fixed && one.to === 'default'));
  return [
    rule.addRequest({ from: hostOf(address), table }),
    ...networks.map((one) => route.replaceRequest(inTable(one, table))),
    ...(via === undefined
      ? []
      : [
          route.replaceRequest({
            to: family === 4 ? '0.0.0.0/0' : '::/0',
            via,
            device,
            table,
            // The gateway's network may be in no route of this table.
            onLink: networks.every(({ to }) => to === 'default' || !holds(to, via)),
          }),
        ]),
    ...others.map((one) => route.replaceRequest(inTable(one, table))),
  ];
}

/** Routes of the address's network by their source or gateway, and those that name neither. */
function belongs({ source, via }: route.Route, address: string): boolean {
  const network = networkOf(address);
  if (source === undefined && via === undefined) return true;
  return [source, via].some((one) => one !== undefined && holds(network, one));
}

function hintFor({ device }: Move, { address }: ResultAddress): Request {
  const to = networkOf(address);
  const scope = familyOf(address) === 4 ? ({ scope: 'link' } as const) : {};
  return route.replaceRequest({ to, device, source: hostOf(address), ...scope });
}

function removeRequest(one: route.Route): Request {
  const { onLink: _onLink, ...found } = inTable(one, one.table);
  return route.removeRequest(found);
}
