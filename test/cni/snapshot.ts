/** What a namespace holds, without what differs from one run to the next. */
import { execFileSync } from 'node:child_process';

type Json = Record<string, unknown>;

/** Where a result's links are looked at. */
interface Place {
  readonly container: string;
  readonly ip: (...args: readonly string[]) => string;
  readonly ipInside: (...args: readonly string[]) => string;
}

export interface Snapshot {
  readonly links: readonly Json[];
  readonly addresses: readonly string[];
  readonly routes: readonly string[];
  readonly rules: readonly string[];
  readonly neighbours: readonly string[];
  readonly forwarding: readonly string[];
}

export function snapshot(namespace: string): Snapshot {
  const show = (...args: readonly string[]): Json[] => {
    const text = execFileSync('ip', ['-n', namespace, '-j', '-d', ...args], { encoding: 'utf8' });
    return text.trim() === '' ? [] : JSON.parse(text);
  };
  const routes = (family: string) =>
    show(family, 'route', 'show', 'table', 'all').map((route) => JSON.stringify(routeOf(route)));
  const links = show('address', 'show');
  return {
    links: links.map(linkOf).toSorted(byName),
    addresses: links.flatMap(addressesOf).toSorted(),
    routes: [...routes('-4'), ...routes('-6')].filter((text) => !text.includes('fe80')).toSorted(),
    rules: [...show('-4', 'rule'), ...show('-6', 'rule')].map((rule) => JSON.stringify(rule)),
    neighbours: show('neighbour', 'show', 'nud', 'permanent').map((one) =>
      anonymous(JSON.stringify(one)),
    ),
    forwarding: forwardingOf(namespace),
  };
}

/** Names and link addresses that are chosen at random. */
export function anonymous(text: string): string {
  return text
    .replaceAll(/\bveth[0-9a-f]{8,11}\b/g, 'veth*')
    .replaceAll(/\b([0-9a-f]{2}:){5}[0-9a-f]{2}\b/g, 'MAC');
}

/** Each link address of a result must be that of the link; then it is as random as the link's. */
export function normalizeResult(document: Json, place: Place): unknown {
  const interfaces = (document['interfaces'] ?? []) as { name: string; sandbox?: string }[];
  const checked = interfaces.map((entry) => ({ ...entry, mac: macOf(entry, place) }));
  const text = JSON.stringify({
    ...document,
    ...('interfaces' in document && { interfaces: checked }),
    dns: undefined,
    // Debian's 1.1.1 prints an empty dns in every version, 1.9.1 does not.
    ...(Object.keys(Object(document['dns'])).length > 0 && { dns: document['dns'] }),
  });
  return JSON.parse(anonymous(text.replaceAll(place.container, 'CONTAINER')));
}

function macOf(entry: { name: string; sandbox?: string; mac?: string }, place: Place) {
  if (entry.mac === undefined) return undefined;
  const show = ['-j', 'link', 'show', entry.name];
  const text = entry.sandbox === undefined ? place.ip(...show) : place.ipInside(...show);
  const [link] = JSON.parse(text) as { address: string }[];
  return link?.address === entry.mac ? 'MAC' : `${entry.mac}, but the link has ${link?.address}`;
}

/** Without txqlen: 1.1.1 makes links with 0, 1.9.1 leaves the kernel's 1000, and so do we. */
const linkKeys = ['ifname', 'flags', 'mtu', 'operstate', 'master', 'link_type'];
const slaveKeys = ['state', 'hairpin', 'isolated', 'learning', 'flood', 'guard', 'neigh_suppress'];
const bridgeKeys = ['vlan_filtering', 'vlan_default_pvid', 'stp_state', 'mcast_snooping'];
const otherKeys = ['mode', 'id', 'protocol', 'type', 'multi_queue', 'user', 'group', 'vnet_hdr'];

function linkOf(link: Json): Json {
  const info = (link['linkinfo'] ?? {}) as Json;
  const data = (info['info_data'] ?? {}) as Json;
  const slave = (info['info_slave_data'] ?? {}) as Json;
  return JSON.parse(
    anonymous(
      JSON.stringify({
        ...pick(link, linkKeys),
        promiscuous: Number(link['promiscuity'] ?? 0) > 0,
        kind: info['info_kind'],
        data: pick(data, [...bridgeKeys, ...otherKeys, 'bcqueuelen']),
        port: pick(slave, slaveKeys),
      }),
    ),
  );
}

function pick(object: Json, keys: readonly string[]): Json {
  return Object.fromEntries(keys.flatMap((key) => (key in object ? [[key, object[key]]] : [])));
}

function byName(one: Json, other: Json): number {
  return String(one['ifname']).localeCompare(String(other['ifname']));
}

/** Lifetimes pass, and link-local addresses are made of the link's. */
function addressesOf(link: Json): readonly string[] {
  const list = (link['addr_info'] ?? []) as Json[];
  return list.map((entry) => {
    const { local, prefixlen, scope, broadcast, tentative, dadfailed, peer, label } = entry;
    const text = scope === 'link' && String(local).startsWith('fe80') ? 'fe80' : local;
    const one = { on: link['ifname'], text, prefixlen, scope, broadcast, peer, dadfailed, label };
    return anonymous(JSON.stringify({ ...one, ...(scope !== 'link' && { tentative }) }));
  });
}

/** Of IPv6 the kernel lists a route's preference and what it has cached. */
function routeOf(route: Json): unknown {
  const { dst, gateway, dev, scope, prefsrc, metric, table, type, protocol, metrics } = route;
  const { nexthops, flags } = route;
  const one = { dst, gateway, dev, scope, prefsrc, metric, table, type, protocol, metrics };
  return JSON.parse(anonymous(JSON.stringify({ ...one, nexthops, flags })));
}

function forwardingOf(namespace: string): readonly string[] {
  const names = ['net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding'];
  const command = ['netns', 'exec', namespace, 'sysctl', '-n', ...names];
  return execFileSync('ip', command, { encoding: 'utf8' }).trim().split('\n');
}
