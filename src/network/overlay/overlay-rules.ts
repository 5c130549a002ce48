import { nftables } from '../../netlink/index.ts';
import { deviceName } from './overlay-settings.ts';
import type { OverlayPlan } from './plan.ts';
import type { Ruleset, RulesetRule } from './ruleset.ts';

const { statement } = nftables;

const family = 'inet';
export const guardTable = 'keelson_overlay';
export const outgoingTable = 'keelson_outgoing';

/** Before the tables of others, which may accept. */
const early = -200;
const raw = -300;
const sourceNat = 100;

/**
 * Who may send VXLAN packets: whoever can makes packets in any pod's name, past every policy.
 * - Only nodes, and only through the underlay's device: a pod can send in a node's name.
 * - Nobody by way of this node: a pod's packets would leave in the node's own address.
 * Connections of the tunnel are not tracked; what is inside them is. Needs no NAT.
 */
export function guardRules(plan: OverlayPlan, underlayDevice: string): Ruleset {
  const { port } = plan.device ?? {};
  const chains = port === undefined ? [] : guardChains(port, underlayDevice);
  return {
    table: { family, table: guardTable, comment: 'keelson: who may send into the overlay' },
    sets: [
      { name: 'peers4', key: 'ipv4_addr', elements: plan.peers.filter((one) => !isSix(one)) },
      { name: 'peers6', key: 'ipv6_addr', elements: plan.peers.filter(isSix) },
    ],
    chains,
  };
}

function guardChains(port: number, device: string): Ruleset['chains'] {
  const toPort = [statement.protocol('udp'), statement.destinationPort(port)];
  const drop = statement.verdict('drop');
  const untracked = (direction: 'source' | 'destination') =>
    eachFamily((version, set) => ({
      comment: `IPv${version} port ${port} of nodes is not tracked (${direction})`,
      expressions: [
        statement.version(version),
        statement.inSet([fieldOf(direction, version)], set),
        toPort.flat(),
        statement.notrack(),
      ],
    }));
  return [
    {
      name: 'arriving',
      base: { type: 'filter', hook: 'prerouting', priority: raw },
      rules: untracked('source'),
    },
    {
      name: 'leaving',
      base: { type: 'filter', hook: 'output', priority: raw },
      rules: untracked('destination'),
    },
    {
      name: 'input',
      base: { type: 'filter', hook: 'input', priority: early },
      rules: [
        {
          comment: `port ${port} by ${device} alone`,
          expressions: [...toPort, statement.inputInterface(device, 'neq'), drop],
        },
        ...eachFamily((version, set) => ({
          comment: `IPv${version} port ${port} from nodes alone`,
          expressions: [
            statement.version(version),
            ...toPort,
            statement.inSet([fieldOf('source', version)], set, 'neq'),
            drop,
          ],
        })),
      ],
    },
    {
      name: 'forward',
      base: { type: 'filter', hook: 'forward', priority: early },
      rules: eachFamily((version, set) => ({
        comment: `IPv${version} port ${port} of nodes from nobody else`,
        expressions: [
          statement.version(version),
          statement.inSet([fieldOf('destination', version)], set),
          toPort.flat(),
          drop,
        ],
      })),
    },
  ];
}

/** Pods reach whoever is no pod in their node's address. */
export function outgoingRules(plan: OverlayPlan): Ruleset {
  return {
    table: { family, table: outgoingTable, comment: "keelson: pods leave in their node's address" },
    sets: [
      rangesOf('pods4', 'ipv4_addr', (range) => !isSix(range), plan),
      rangesOf('pods6', 'ipv6_addr', isSix, plan),
    ],
    chains: [
      {
        name: 'postrouting',
        base: { type: 'nat', hook: 'postrouting', priority: sourceNat },
        rules: plan.ownRanges.map(masquerade),
      },
    ],
  };
}

// oxlint-disable-next-line max-params -- a name, a type, which ranges, of what
function rangesOf(
  name: string,
  key: 'ipv4_addr' | 'ipv6_addr',
  belongs: (range: string) => boolean,
  { podRanges }: OverlayPlan,
): Ruleset['sets'][number] {
  return { name, key, interval: true, elements: podRanges.filter(belongs) };
}

/**
 * Ports are chosen at random: with the kernel's usual choice, two connections begun at once on two
 * processors may get the same one, and the second is lost (kubernetes/kubernetes#56903).
 */
function masquerade(range: string): RulesetRule {
  const version = isSix(range) ? 6 : 4;
  return {
    comment: `${range} to the world, not by ${deviceName}`,
    expressions: [
      statement.version(version),
      statement.source(range),
      statement.inSet([fieldOf('destination', version)], `pods${version}`, 'neq'),
      statement.destination(version === 6 ? 'ff00::/8' : '224.0.0.0/4', 'neq'),
      statement.outputInterface(deviceName, 'neq'),
      statement.masquerade({ fullyRandom: true }),
    ],
  };
}

function eachFamily(rule: (version: 4 | 6, set: string) => RulesetRule): RulesetRule[] {
  return ([4, 6] as const).map((version) => rule(version, `peers${version}`));
}

function fieldOf(direction: 'source' | 'destination', version: 4 | 6) {
  const names = {
    source: { 4: 'sourceIp', 6: 'sourceIp6' },
    destination: { 4: 'destinationIp', 6: 'destinationIp6' },
  } as const;
  return names[direction][version];
}

function isSix(text: string): boolean {
  return text.includes(':');
}
