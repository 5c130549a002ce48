import { nftables, type Request } from '../../src/netlink/index.ts';
import type { Conditions } from './condition.ts';
import type { Family } from './configuration.ts';

const { statement } = nftables;

export const table = {
  family: 'inet',
  table: 'keelson_portmap',
  comment: 'keelson: ports of the host that lead to pods',
} as const;

const destinationNat = -100;
const sourceNat = 100;
const raw = -300;

/** Mappings of one family that apply under the same conditions: two maps, looked at in turn. */
export interface Slot {
  readonly family: Family;
  readonly conditions: Conditions | undefined;
}

/** From one address of the host, its protocol and port, to an address and port of a pod. */
export function specificMap(slot: Slot) {
  const address = slot.family === 4 ? 'ipv4_addr' : 'ipv6_addr';
  return {
    ...table,
    set: `to_address${suffix(slot)}`,
    comment: 'hostPorts with a hostIP',
    key: [address, 'inet_proto', 'inet_service'],
    data: [address, 'inet_service'],
  } as const satisfies nftables.SetDefinition;
}

/** The same for every address of the host. */
export function generalMap(slot: Slot) {
  const address = slot.family === 4 ? 'ipv4_addr' : 'ipv6_addr';
  return {
    ...table,
    set: `to_any${suffix(slot)}`,
    comment: 'hostPorts of all addresses',
    key: ['inet_proto', 'inet_service'],
    data: [address, 'inet_service'],
  } as const satisfies nftables.SetDefinition;
}

/** Which sources of connections to a pod are hidden behind the host. */
export function masqueradeSet(family: Family) {
  const address = family === 4 ? 'ipv4_addr' : 'ipv6_addr';
  return {
    ...table,
    set: `masquerade${family}`,
    comment: 'sources, and the pods that see the host in their place',
    key: [address, address],
    interval: true,
  } as const satisfies nftables.SetDefinition;
}

/** Interfaces with route_localnet: what else comes from them to 127.0.0.0/8 stays a martian. */
export const localnetSet = {
  ...table,
  set: 'localnet',
  comment: 'interfaces that answer 127.0.0.0/8 goes out of',
  key: ['ifname'],
} as const satisfies nftables.SetDefinition;

const chains = {
  prerouting: { type: 'nat', hook: 'prerouting', priority: destinationNat },
  output: { type: 'nat', hook: 'output', priority: destinationNat },
  postrouting: { type: 'nat', hook: 'postrouting', priority: sourceNat },
  martians: { type: 'filter', hook: 'prerouting', priority: raw },
} as const satisfies Record<string, nftables.BaseChain>;

/** What is not there yet of the table for these slots; rules are known by their comments. */
export function missingParts(rules: readonly nftables.Rule[], slots: readonly Slot[]): Request[] {
  const all: readonly Slot[] = [...plainSlots, ...slots];
  const wanted = [...baseRules(), ...all.flatMap(slotRules)];
  const missing = wanted.filter(({ comment }) => rules.every((rule) => rule.comment !== comment));
  return [
    nftables.addTable(table),
    ...all.flatMap((slot) => [
      nftables.addSet(specificMap(slot)),
      nftables.addSet(generalMap(slot)),
    ]),
    nftables.addSet(masqueradeSet(4)),
    nftables.addSet(masqueradeSet(6)),
    nftables.addSet(localnetSet),
    ...Object.entries(chains).map(([chain, base]) => nftables.addChain({ ...table, chain, base })),
    ...[hostPorts, ...all.map(chainOf)].map((chain) => nftables.addChain({ ...table, chain })),
    ...missing.map(({ first, ...rule }) =>
      first === true ? nftables.insertRule(rule) : nftables.addRule(rule),
    ),
  ];
}

const plainSlots: readonly Slot[] = [
  { family: 4, conditions: undefined },
  { family: 6, conditions: undefined },
];

interface OurRule extends nftables.NewRule {
  readonly comment: string;
  readonly first?: boolean;
}

const hostPorts = 'hostports';

/**
 * Only what is for an address of the host itself is looked at: a mapping of port 443 must not take
 * what the host forwards to port 443 of others (CVE-2025-67499).
 */
function baseRules(): OurRule[] {
  const enter = [statement.destinationIsLocal(), statement.verdict('jump', hostPorts)];
  return [
    ...(['prerouting', 'output'] as const).map((chain) => ({
      ...table,
      chain,
      expressions: enter,
      comment: `${chain} to the host itself`,
    })),
    ...([4, 6] as const).map((family) => ({
      ...table,
      chain: 'postrouting',
      expressions: [
        statement.connectionStatus('dnat'),
        statement.version(family),
        statement.inSet(addressesOf(family), masqueradeSet(family).set),
        statement.masquerade({ fullyRandom: true }),
      ],
      comment: `masquerade IPv${family}`,
    })),
    {
      ...table,
      chain: 'martians',
      // With route_localnet a pod could speak to what listens on 127.0.0.1 alone (CVE-2020-8558).
      expressions: [
        statement.inSet(['inputInterface'], localnetSet.set),
        statement.version(4),
        statement.destination('127.0.0.0/8'),
        statement.verdict('drop'),
      ],
      comment: 'pods do not reach localhost',
    },
  ];
}

function addressesOf(family: Family): readonly nftables.FieldName[] {
  return family === 4 ? ['sourceIp', 'destinationIp'] : ['sourceIp6', 'destinationIp6'];
}

/** One address goes before all addresses; conditions go before none. */
function slotRules(slot: Slot): OurRule[] {
  const { family, conditions } = slot;
  const chain = chainOf(slot);
  const destination = family === 4 ? 'destinationIp' : 'destinationIp6';
  const protocolAndPort = ['protocol', 'destinationPort'] as const;
  const specific = specificMap(slot).set;
  const general = generalMap(slot).set;
  const entry: OurRule = {
    ...table,
    chain: hostPorts,
    expressions: [
      statement.version(family),
      ...(conditions?.statements ?? []),
      statement.verdict('jump', chain),
    ],
    comment: `enter${suffix(slot)}`,
    first: conditions !== undefined,
  };
  return [
    entry,
    {
      ...table,
      chain,
      expressions: [
        statement.destinationNatByMap([destination, ...protocolAndPort], specific, family),
      ],
      comment: specific,
    },
    {
      ...table,
      chain,
      expressions: [statement.destinationNatByMap(protocolAndPort, general, family)],
      comment: general,
    },
  ];
}

function chainOf(slot: Slot): string {
  return `${hostPorts}${suffix(slot)}`;
}

function suffix({ family, conditions }: Slot): string {
  return conditions === undefined ? `${family}` : `${family}_${conditions.name}`;
}
