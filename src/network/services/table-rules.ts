import { nftables } from '../../netlink/index.ts';
import { registerAt } from '../../netlink/nftables/field.ts';
import {
  type Expressions,
  isIn,
  type Layout,
  layouts,
  loadAddress,
  loadClient,
  loadFrontend,
  loadNumber,
  loadOriginalFrontend,
  lookUp,
  saveNumber,
} from './registers.ts';
import { setsOf, table } from './table-sets.ts';

const { statement } = nftables;

/** A chain and its rules in order. */
export interface ChainPlan {
  readonly chain: string;
  readonly base?: nftables.BaseChain;
  readonly rules: readonly Expressions[];
}

/**
 * Services come before port mappings (-100), which would otherwise take their connections, and
 * before the masquerading of pods (100). What is refused is looked at when destinations are
 * translated: a packet that still has a Service's address found no endpoint.
 */
const priority = { translate: -110, refuse: -90, masquerade: 90 } as const;

/** All chains but those of classes. Packets of connections that are there pass no chain of nat. */
export function fixedChains(): ChainPlan[] {
  const families = [4, 6] as const;
  const jumps = (name: string): Expressions[] =>
    families.map((family) => [
      ...statement.version(family),
      ...statement.verdict('jump', `${name}${family}`),
    ]);
  return [
    ...families.flatMap((family) => chainsOfFamily(layouts[family])),
    nat('prerouting', 'prerouting', jumps('arriving')),
    nat('output', 'output', jumps('leaving')),
    filter('refuse-prerouting', 'prerouting', jumps('refuse')),
    filter('refuse-output', 'output', jumps('refuse')),
    nat('postrouting', 'postrouting', [notTranslated(), ...jumps('masquerade')]),
  ];
}

function nat(
  chain: string,
  hook: 'prerouting' | 'output' | 'postrouting',
  rules: Expressions[],
): ChainPlan {
  const value = hook === 'postrouting' ? priority.masquerade : priority.translate;
  return { chain, base: { type: 'nat', hook, priority: value }, rules };
}

function filter(chain: string, hook: 'prerouting' | 'output', rules: Expressions[]): ChainPlan {
  return { chain, base: { type: 'filter', hook, priority: priority.refuse }, rules };
}

function chainsOfFamily(layout: Layout): ChainPlan[] {
  const { family } = layout;
  const sets = setsOf(family);
  const fromPod = [loadAddress(layout, 'source', 0), isIn(sets.pods.set)];
  return [
    // The sets end a rule in which they have nothing, so most packets pass one look-up in each.
    { chain: `inside${family}`, rules: [route(layout, 'inside')] },
    { chain: `services${family}`, rules: [closedTo(layout), route(layout, 'services')] },
    {
      chain: `arriving${family}`,
      rules: [
        [...fromPod, ...statement.verdict('jump', `inside${family}`)],
        statement.verdict('goto', `services${family}`),
      ],
    },
    {
      chain: `leaving${family}`,
      rules: [
        statement.verdict('jump', `inside${family}`),
        statement.verdict('goto', `services${family}`),
      ],
    },
    { chain: `refuse${family}`, rules: refusals(layout) },
    { chain: `masquerade${family}`, rules: masquerades(layout) },
  ];
}

/** To the chain of the Service's class. */
function route(layout: Layout, map: 'services' | 'inside'): Expressions {
  const sets = setsOf(layout.family);
  return [
    ...loadFrontend(layout, 0),
    lookUp(sets[map].set, 0, 0),
    saveNumber(0),
    loadNumber(0),
    { name: 'lookup', set: sets.classes.set, sourceRegister: registerAt(0), register: 0 },
  ];
}

/** Sources that are not in the list of those who may. */
function closedTo(layout: Layout): Expressions {
  const sets = setsOf(layout.family);
  return [
    ...loadFrontend(layout, 0),
    isIn(sets.restricted.set),
    ...loadClient(layout, 0),
    isIn(sets.sources.set, 'neq'),
    ...statement.verdict('drop'),
  ];
}

/**
 * A TCP client is told at once by a reset; others by ICMP. So it is at addresses of Services that
 * are nobody's yet, which would go round between this node and its router; but not at the one
 * that this node's DNS server has.
 */
function refusals(layout: Layout): Expressions[] {
  const { dropped, rejected, cluster } = setsOf(layout.family);
  const tcp = statement.protocol('tcp');
  const noEndpoint = [...loadFrontend(layout, 0), isIn(rejected.set)];
  const toCluster = [loadAddress(layout, 'destination', 0), isIn(cluster.set), ...notLocal()];
  return [
    [...loadFrontend(layout, 0), isIn(dropped.set), ...statement.verdict('drop')],
    [...tcp, ...noEndpoint, ...statement.reject('tcp-reset')],
    [...noEndpoint, ...statement.reject()],
    [...tcp, ...toCluster, ...statement.reject('tcp-reset')],
    [...toCluster, ...statement.reject()],
  ];
}

function notLocal(): Expressions {
  return statement
    .destinationIsLocal()
    .map((one) => (one.name === 'cmp' ? { ...one, operator: 'neq' as const } : one));
}

/** Connections whose destination nobody translated go on as they are. */
function notTranslated(): Expressions {
  const translated = statement.connectionStatus('dnat');
  return [
    ...translated.map((one) => (one.name === 'cmp' ? { ...one, operator: 'eq' as const } : one)),
    ...statement.verdict('return'),
  ];
}

/**
 * The source becomes this node's where answers would take another way: by what the connection was
 * for, not by a mark on the packet, since marks are shared with everybody's rules. Ports are
 * chosen at random, or two connections at once may get the same one (kubernetes#56903).
 */
function masquerades(layout: Layout): Expressions[] {
  const { masquerade, plain, cluster, hairpin } = setsOf(layout.family);
  const masqueraded = statement.masquerade({ fullyRandom: true });
  const original = loadOriginalFrontend(layout);
  return [
    [...original, isIn(masquerade.set), ...masqueraded],
    [
      loadAddress(layout, 'source', 0),
      isIn(plain.set, 'neq'),
      ...original.slice(0, 1),
      isIn(cluster.set),
      ...masqueraded,
    ],
    [
      loadAddress(layout, 'source', 0),
      loadAddress(layout, 'destination', layout.addressBytes),
      isIn(hairpin.set),
      ...masqueraded,
    ],
  ];
}

export function chainReference(chain: string) {
  return { ...table, chain } as const;
}
