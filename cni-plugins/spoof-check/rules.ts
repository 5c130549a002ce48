import { nftables, type Request } from '../../src/netlink/index.ts';
import type { KnownExpression } from '../../src/netlink/nftables/expression.ts';
import { load, registerAt } from '../../src/netlink/nftables/field.ts';

const { statement } = nftables;

/** A table of bridged frames, before the bridge has looked at them. */
export const table = {
  family: 'bridge',
  table: 'keelson_spoof_check',
  comment: 'keelson: containers may send in their own name alone',
} as const;
const chain = { ...table, chain: 'prerouting' } as const;
const base = { type: 'filter', hook: 'prerouting', priority: -300 } as const;

/** The ports that are watched, what each may send as, and whose names are not for it. */
export const sets = {
  ports: { ...table, set: 'ports', key: ['ifname'] },
  stations: { ...table, set: 'stations', key: ['ifname', 'ether_addr'] },
  gateways4: { ...table, set: 'gateways4', key: ['ifname', 'ipv4_addr'] },
  gateways6: { ...table, set: 'gateways6', key: ['ifname', 'ipv6_addr'] },
} as const;

/** The whole table but its elements: a fixed number of rules for any number of containers. */
export function tableRequests(): Request[] {
  return [
    nftables.addTable(table),
    nftables.addChain({ ...chain, base }),
    ...Object.values(sets).map((set) => nftables.addSet(set)),
    ...rules.map(({ comment, expressions }) =>
      nftables.addRule({ ...chain, comment, expressions: [...expressions, drop] }),
    ),
  ];
}

const drop = statement.verdict('drop');
const watched = statement.inSet(['inputInterface'], sets.ports.set);
const etherType = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd } as const;
const routerAdvertisement = 134;
const neighbourAdvertisement = 136;

/** Bytes of an ARP packet, linux/if_arp.h struct arphdr: header 8, sender 6 and 4. */
const arpSender = { mac: { offset: 8, length: 6 }, address: { offset: 14, length: 4 } } as const;
const advertisedTarget = { offset: 8, length: 16 } as const;

const rules = [
  {
    comment: "frames with another's link address",
    expressions: [
      watched,
      statement.inSet(['inputInterface', 'sourceMac'], sets.stations.set, 'neq'),
    ],
  },
  {
    comment: "ARP with another's link address",
    expressions: [
      watched,
      ethernet('arp'),
      portWith('network', arpSender.mac, { set: sets.stations.set, inverted: true }),
    ],
  },
  {
    comment: 'ARP in the name of the gateway',
    expressions: [
      watched,
      ethernet('arp'),
      portWith('network', arpSender.address, { set: sets.gateways4.set }),
    ],
  },
  {
    comment: 'IPv4 in the name of the gateway',
    expressions: [
      watched,
      ethernet('ipv4'),
      statement.inSet(['inputInterface', 'sourceIp'], sets.gateways4.set),
    ],
  },
  {
    comment: 'IPv6 in the name of the gateway',
    expressions: [
      watched,
      ethernet('ipv6'),
      statement.inSet(['inputInterface', 'sourceIp6'], sets.gateways6.set),
    ],
  },
  {
    comment: 'neighbour advertisements in the name of the gateway',
    expressions: [
      watched,
      ethernet('ipv6'),
      icmpv6(neighbourAdvertisement),
      portWith('transport', advertisedTarget, { set: sets.gateways6.set }),
    ],
  },
  {
    comment: 'router advertisements',
    expressions: [watched, ethernet('ipv6'), icmpv6(routerAdvertisement)],
  },
];

/** `ether type arp`. */
function ethernet(name: keyof typeof etherType): readonly KnownExpression[] {
  const value = Buffer.alloc(2);
  value.writeUInt16BE(etherType[name]);
  return [
    { name: 'meta', key: 'protocol', register: 1 },
    { name: 'cmp', register: 1, operator: 'eq', data: { value } },
  ];
}

/** `icmpv6 type N`. */
function icmpv6(type: number): readonly KnownExpression[] {
  return [
    ...statement.protocol('icmpv6'),
    { name: 'payload', register: 1, base: 'transport', offset: 0, length: 1 },
    { name: 'cmp', register: 1, operator: 'eq', data: { value: Buffer.from([type]) } },
  ];
}

/** `iifname . BYTES @set`, for bytes of a packet that have no name of their own. */
function portWith(
  part: 'network' | 'transport',
  at: { readonly offset: number; readonly length: number },
  { set, inverted = false }: { readonly set: string; readonly inverted?: boolean },
): readonly KnownExpression[] {
  const nameBytes = 16;
  return [
    ...load(['inputInterface']).expressions,
    { name: 'payload', register: registerAt(nameBytes), base: part, ...at },
    { name: 'lookup', set, sourceRegister: 1, ...(inverted && { flags: 1 }) },
  ];
}
