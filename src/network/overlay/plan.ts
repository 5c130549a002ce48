import { createHash } from 'node:crypto';
import { parsePrefix } from '../../netlink/ip.ts';
import { holds, hostOf } from '../../netlink/prefix.ts';
import { Intervals } from './interval.ts';
import type { OverlayNode } from './overlay-node.ts';
import type { OverlaySettings } from './overlay-settings.ts';
import type { Underlay } from './underlay.ts';

/** Where the overlay's routes lead out. */
export type Way = 'vxlan' | 'underlay';

export interface PlannedRoute {
  readonly to: string;
  readonly way: Way;
  readonly via: string;
}

export interface PlannedDevice {
  readonly vni: number;
  readonly port: number;
  /** The address that packets to other nodes leave from. */
  readonly local: string;
  readonly mtu: number;
  readonly linkAddress: string;
  /** With full length: what this node's own packets to pods elsewhere come from. */
  readonly addresses: readonly string[];
}

/** All that the kernel of one node should have, worked out from the cluster's nodes alone. */
export interface OverlayPlan {
  /** Absent when nobody is reached by VXLAN. */
  readonly device: PlannedDevice | undefined;
  /** Link address by the address that routes lead through. */
  readonly neighbours: ReadonlyMap<string, string>;
  /** Node's address by its device's link address. */
  readonly forwarding: ReadonlyMap<string, string>;
  /** By destination. */
  readonly routes: ReadonlyMap<string, PlannedRoute>;
  /** What of this node's ranges no pod has goes nowhere, rather than round in circles. */
  readonly ownRanges: readonly string[];
  /** Who may send VXLAN packets: the nodes of the cluster. */
  readonly peers: readonly string[];
  /** The ranges of all pods of the cluster. */
  readonly podRanges: readonly string[];
  /** Of pods. */
  readonly mtu: number;
  /** In words, which nodes are not reached and why. */
  readonly problems: readonly string[];
}

export interface PlanInput {
  readonly settings: OverlaySettings;
  readonly self: OverlayNode;
  /** Self among them or not. */
  readonly nodes: readonly OverlayNode[];
  readonly underlay: Underlay;
}

/** Ethernet, IPv4 or IPv6, UDP and VXLAN headers, without the outer Ethernet's. */
const overheadBytes = { 4: 50, 6: 70 } as const;

/** A pure function: the same nodes in any order give the same plan. */
export function planOverlay(input: PlanInput): OverlayPlan {
  const { settings, self, underlay } = input;
  const { peers, problems } = acceptedPeers(input);
  const found = peers.map((peer) => planPeer(input, peer));
  const all = found.flatMap(({ routes }) => routes);
  const uses = settings.mode === 'vxlan' || all.some(({ way }) => way === 'vxlan');
  const tunnelled = settings.mode === 'vxlan' || settings.crossSubnet;
  const room = tunnelled ? overheadBytes[versionOf(underlay.address)] : 0;
  const mtu = settings.mtu === 0 ? underlay.mtu - room : settings.mtu;
  return {
    device: uses
      ? deviceOf(input, underlay.mtu - overheadBytes[versionOf(underlay.address)])
      : undefined,
    neighbours: new Map(found.flatMap(({ neighbours }) => neighbours)),
    forwarding: new Map(found.flatMap(({ forwarding }) => forwarding)),
    routes: new Map(all.map((route) => [route.to, route])),
    ownRanges: self.ranges,
    peers: peers.flatMap(({ addresses }) => addresses).toSorted(),
    podRanges: [self, ...peers].flatMap(({ ranges }) => ranges).toSorted(),
    mtu,
    problems: [...problems, ...found.flatMap((one) => one.problems)],
  };
}

function deviceOf({ settings, self, underlay }: PlanInput, mtu: number): PlannedDevice {
  return {
    vni: settings.vni,
    port: settings.port,
    local: underlay.address,
    mtu,
    linkAddress: linkAddressOf(self.name),
    addresses: self.ranges.map(alone),
  };
}

/**
 * A node's link address follows from its name: every node knows every other's without being told,
 * and a device that is made anew has the one that all expect. 46 bits of a hash, set by hand
 * (02) and for one receiver.
 */
export function linkAddressOf(name: string): string {
  const bytes = createHash('sha256').update(`keelson overlay ${name}`).digest().subarray(0, 6);
  bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 0x02;
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

interface PeerPlan {
  readonly routes: readonly PlannedRoute[];
  readonly neighbours: readonly (readonly [string, string])[];
  readonly forwarding: readonly (readonly [string, string])[];
  readonly problems: readonly string[];
}

function planPeer({ settings, underlay }: PlanInput, peer: OverlayNode): PeerPlan {
  const linkAddress = linkAddressOf(peer.name);
  const remote = peer.addresses.find((one) => versionOf(one) === versionOf(underlay.address));
  const tunnelled = settings.mode === 'vxlan' || settings.crossSubnet;
  const routes: PlannedRoute[] = [];
  const problems: string[] = [];
  for (const to of peer.ranges) {
    const neighbour = settings.mode === 'routed' ? directTo(peer, to, underlay) : undefined;
    if (neighbour !== undefined) routes.push({ to, way: 'underlay', via: neighbour });
    else if (tunnelled && remote !== undefined) routes.push({ to, way: 'vxlan', via: hostOf(to) });
    else problems.push(`${to} of node "${peer.name}" cannot be reached: ${whyNot(peer, remote)}`);
  }
  const inside = routes.filter(({ way }) => way === 'vxlan');
  return {
    routes,
    neighbours: inside.map(({ via }) => [via, linkAddress] as const),
    forwarding: inside.length > 0 && remote !== undefined ? [[linkAddress, remote]] : [],
    problems,
  };
}

function whyNot({ addresses }: OverlayNode, remote: string | undefined): string {
  if (addresses.length === 0) return 'it has no address';
  if (remote === undefined) return `it has ${addresses.join(', ')}, no address of our family`;
  return 'it is in another subnet, and crossSubnet is off';
}

/** The peer's address of the range's family where it is this node's neighbour. */
function directTo(peer: OverlayNode, range: string, underlay: Underlay): string | undefined {
  return peer.addresses.find(
    (address) =>
      versionOf(address) === versionOf(range) &&
      underlay.subnets.some((subnet) => holds(subnet, address)),
  );
}

/**
 * Of what other nodes say of themselves only that is believed which leaves the cluster whole: a
 * range that takes in a node's address, or other pods' ranges, would take their traffic.
 */
function acceptedPeers({ self, nodes, underlay }: PlanInput) {
  const problems: string[] = [];
  const taken = new Intervals<string>();
  const hosts = new Intervals<string>();
  for (const range of self.ranges) taken.add(range, `${range} of node "${self.name}"`);
  for (const address of [underlay.address, ...self.addresses]) hosts.add(address, address);
  for (const { addresses } of nodes) for (const one of addresses) hosts.add(one, one);
  const isAccepted = (range: string, name: string): boolean => {
    const host = hosts.find(range);
    if (host !== undefined) {
      problems.push(`${range} of node "${name}" holds the address ${host} of a node`);
      return false;
    }
    const clash = taken.add(range, `${range} of node "${name}"`);
    if (clash !== undefined) problems.push(`${range} of node "${name}" overlaps ${clash.taken}`);
    return clash === undefined;
  };
  const peers = nodes
    .filter(({ name }) => name !== self.name)
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .map((peer) => ({
      ...peer,
      ranges: peer.ranges.filter((range) => isAccepted(range, peer.name)),
    }));
  return { peers, problems };
}

function versionOf(text: string): 4 | 6 {
  return text.includes(':') ? 6 : 4;
}

function alone(range: string): string {
  const { address, bytes } = parsePrefix(range);
  return `${address}/${bytes.length * 8}`;
}
