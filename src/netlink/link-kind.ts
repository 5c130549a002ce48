import { AttributeTable, type Values } from './attribute.ts';
import { be16, be32, ip, named, presence, u16, u32, u8 } from './codec.ts';

/** linux/if_link.h: IFLA_BR_*. Times in hundredths of a second. */
export const bridgeTable = new AttributeTable({
  forwardDelay: [1, u32],
  helloTime: [2, u32],
  maximumAge: [3, u32],
  ageingTime: [4, u32],
  stpState: [5, u32],
  priority: [6, u16],
  vlanFiltering: [7, u8],
  vlanProtocol: [8, be16],
  groupForwardMask: [9, u16],
  multicastSnooping: [23, u8],
  callIptables: [36, u8],
  callIp6tables: [37, u8],
  callArptables: [38, u8],
  vlanDefaultPvid: [39, u16],
});

/** IFLA_BRPORT_*: a bridge's port, of which these can be changed. */
export const bridgePortTable = new AttributeTable({
  state: [1, u8],
  priority: [2, u16],
  cost: [3, u32],
  hairpin: [4, u8],
  guard: [5, u8],
  rootBlock: [6, u8],
  fastLeave: [7, u8],
  learning: [8, u8],
  unicastFlood: [9, u8],
  proxyArp: [10, u8],
  multicastRouter: [25, u8],
  multicastFlood: [27, u8],
  broadcastFlood: [30, u8],
  neighbourSuppress: [32, u8],
  isolated: [33, u8],
  locked: [39, u8],
});

/** IFLA_VXLAN_*. Ports in host order here, in network order on the wire. */
export const vxlanTable = new AttributeTable({
  id: [1, u32],
  group: [2, ip],
  parent: [3, u32],
  local: [4, ip],
  ttl: [5, u8],
  tos: [6, u8],
  learning: [7, u8],
  ageing: [8, u32],
  limit: [9, u32],
  proxy: [11, u8],
  routeShortCircuit: [12, u8],
  l2Miss: [13, u8],
  l3Miss: [14, u8],
  port: [15, be16],
  group6: [16, ip],
  local6: [17, ip],
  udpChecksum: [18, u8],
  udpZeroChecksum6Transmit: [19, u8],
  udpZeroChecksum6Receive: [20, u8],
  groupBasedPolicy: [23, presence],
  collectMetadata: [25, u8],
  label: [26, be32],
  doNotFragment: [29, u8],
});

/** IFLA_VLAN_*. */
export const vlanTable = new AttributeTable({
  id: [1, u16],
  protocol: [5, be16],
});

/** IFLA_MACVLAN_*. */
export const macvlanTable = new AttributeTable({
  mode: [1, named(u32, { private: 1, vepa: 2, bridge: 4, passthru: 8, source: 16 })],
  flags: [2, u16],
  broadcastQueueLength: [7, u32],
});

/** IFLA_IPVLAN_*. */
export const ipvlanTable = new AttributeTable({
  mode: [1, named(u16, { l2: 0, l3: 1, l3s: 2 })],
  flags: [2, u16],
});

/** IFLA_VRF_*. */
export const vrfTable = new AttributeTable({ table: [1, u32] });

/** IFLA_TUN_*: what the kernel tells; made by `tap.create`. */
export const tunTable = new AttributeTable({
  owner: [1, u32],
  group: [2, u32],
  type: [3, named(u8, { tun: 1, tap: 2 })],
  packetInformation: [4, u8],
  virtualHeader: [5, u8],
  persistent: [6, u8],
  multiQueue: [7, u8],
});

/** Kinds whose links have no data of their own: dummy, ifb, wireguard. */
const noTable = new AttributeTable({});

/** IFLA_INFO_DATA by IFLA_INFO_KIND. */
export const kindTables = {
  bridge: bridgeTable,
  vxlan: vxlanTable,
  vlan: vlanTable,
  macvlan: macvlanTable,
  macvtap: macvlanTable,
  ipvlan: ipvlanTable,
  vrf: vrfTable,
  tun: tunTable,
  dummy: noTable,
  ifb: noTable,
  wireguard: noTable,
} as const;

export type LinkKind = keyof typeof kindTables;

/** The data of one kind. */
export type LinkData<Kind extends LinkKind> =
  (typeof kindTables)[Kind] extends AttributeTable<infer D> ? Values<D> : never;

export function isKnownKind(kind: string): kind is LinkKind {
  return Object.hasOwn(kindTables, kind);
}
