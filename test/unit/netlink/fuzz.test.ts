import t from 'tap';
import { isDomainError, isKernelError, netlink } from '../../../src/index.ts';
import { failureIn } from '../../../src/netlink/acknowledgement.ts';
import { readAddress } from '../../../src/netlink/address.ts';
import { Answer } from '../../../src/netlink/answer.ts';
import { readClass } from '../../../src/netlink/class.ts';
import { be32, text } from '../../../src/netlink/codec.ts';
import { readConnection } from '../../../src/netlink/conntrack.ts';
import { readFdbEntry } from '../../../src/netlink/fdb.ts';
import { readFilter } from '../../../src/netlink/filter.ts';
import { readFamily } from '../../../src/netlink/generic.ts';
import { readLink } from '../../../src/netlink/link-message.ts';
import { readMessages, Source, type Message } from '../../../src/netlink/message.ts';
import { readNeighbour } from '../../../src/netlink/neighbour.ts';
import { readChain } from '../../../src/netlink/nftables/chain.ts';
import { readElements } from '../../../src/netlink/nftables/element.ts';
import { decode as readNftEvent } from '../../../src/netlink/nftables/monitor.ts';
import { readObject } from '../../../src/netlink/nftables/object.ts';
import { readRule as readNftRule } from '../../../src/netlink/nftables/rule.ts';
import { readSet } from '../../../src/netlink/nftables/set.ts';
import { readTable } from '../../../src/netlink/nftables/table.ts';
import { readGeneration } from '../../../src/netlink/nftables/transaction.ts';
import { readQdisc } from '../../../src/netlink/qdisc.ts';
import { readRoute } from '../../../src/netlink/route-message.ts';
import { readRule } from '../../../src/netlink/rule.ts';
import { MessageWriter } from '../../../src/netlink/writer.ts';

const { link, address, route, rule, neighbour, fdb, qdisc, trafficClass, filter } = netlink;
const { nftables, conntrack } = netlink;

/** The same faults in every run; KEELSON_FUZZ_SEED tries others. */
const seed = Number(process.env['KEELSON_FUZZ_SEED'] ?? 20261121);
const rounds = 3000;

/** A small generator of equal numbers on every machine. */
class Random {
  #state: number;

  constructor(start: number) {
    this.#state = start >>> 0;
  }

  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }
}

const inet = { family: 'inet', table: 't' } as const;
const at = { ...inet, chain: 'c' };
const set = { ...inet, set: 's', key: ['ipv4_addr', 'inet_service'] } as const;
const action = { kind: 'mirred', mode: 'redirect', index: 3 } as const;
const { statement } = nftables;

const tracked = {
  id: 7,
  family: 'ipv4',
  protocol: 'tcp',
  original: { source: '10.0.0.1', destination: '10.0.0.2' },
  reply: { source: '10.0.0.2', destination: '10.0.0.1' },
  status: 0,
  mark: 0,
  zone: 3,
  timeoutSeconds: 1,
  tuple: {
    ip: { source4: '10.0.0.1', destination4: '10.0.0.2' },
    protocol: { number: 6, sourcePort: 1, destinationPort: 2 },
  },
} as const;

const generation: netlink.Request = {
  ...nftables.addTable(inet),
  write(writer) {
    writer.reserve(4);
    be32.write(writer, 1, 7);
    be32.write(writer, 2, 4711);
    text.write(writer, 3, 'nft');
  },
};

/** Each decoder with messages of its form; what we send has the form of what the kernel tells. */
const subjects: Record<string, [(message: Message) => unknown, netlink.Request[]]> = {
  link: [
    readLink,
    [
      link.createRequest({ kind: 'veth', name: 'a', mtu: 1400, peer: { name: 'b' } }),
      link.createRequest({ kind: 'vxlan', name: 'x', data: { id: 7, local: '10.0.0.1', port: 1 } }),
      link.createRequest({ kind: 'macvlan', name: 'm', parent: 3, data: { mode: 'bridge' } }),
      link.setRequest(3, { alias: 'größe', address: '02:00:00:00:00:01', group: 7 }),
    ],
  ],
  address: [
    readAddress,
    [
      address.addRequest({ device: 3, address: '10.0.0.1/24', label: 'x', validSeconds: 7 }),
      address.addRequest({ device: 3, address: 'fd00::1/64', noPrefixRoute: true }),
    ],
  ],
  route: [
    readRoute,
    [
      route.addRequest({ to: '10.0.0.0/8', via: 'fd00::1', device: 3, metrics: { mtu: 1400 } }),
      route.addRequest({
        to: 'fd00::/8',
        nextHops: [
          { via: 'fe80::1', index: 3, weight: 2 },
          { via: 'fe80::2', index: 4, weight: 1 },
        ],
      }),
    ],
  ],
  rule: [readRule, [rule.addRequest({ from: '10.0.0.0/8', mark: 7, inputInterface: 'eth0' })]],
  neighbour: [
    readNeighbour,
    [
      neighbour.addRequest({
        device: 3,
        address: '10.0.0.2',
        linkAddress: '02:00:00:00:00:01',
      }),
    ],
  ],
  fdb: [
    readFdbEntry,
    [fdb.addRequest({ device: 3, linkAddress: '02:00:00:00:00:01', remote: '10.0.0.1', vni: 7 })],
  ],
  qdisc: [
    readQdisc,
    [
      qdisc.addRequest({
        device: 3,
        kind: 'tbf',
        options: { rateBytes: 5e9, burstBytes: 1e6, latencyMs: 20 },
      }),
      qdisc.addRequest({ device: 3, kind: 'htb', handle: '1:', options: { defaultClass: 7 } }),
    ],
  ],
  class: [
    readClass,
    [trafficClass.addRequest({ device: 3, parent: '1:', handle: '1:2', rateBytes: 6e9 })],
  ],
  filter: [
    readFilter,
    [filter.addRequest({ device: 3, parent: 'ffff:', priority: 1, kind: 'u32', action })],
  ],
  conntrack: [readConnection, [conntrack.removeRequest(tracked)]],
  family: [readFamily, [netlink.generic.command({ id: 1, name: 'x', version: 1, groups: {} }, 1)]],
  'nf_tables table': [readTable, [nftables.addTable({ ...inet, comment: 'mine' })]],
  'nf_tables chain': [
    readChain,
    [
      nftables.addChain({
        ...at,
        base: { type: 'filter', hook: 'forward', priority: -5, policy: 'drop' },
        comment: 'mine',
      }),
    ],
  ],
  'nf_tables rule': [
    readNftRule,
    [
      nftables.addRule({
        ...at,
        expressions: [
          statement.version(4),
          statement.source('10.0.0.0/9'),
          statement.connectionState('new'),
          statement.log('x'),
          statement.limit(7),
          statement.destinationNat({ address: '10.0.0.1', port: 80 }),
          statement.verdict('jump', 'other'),
          [{ name: 'other', kernelName: 'strange', bytes: Buffer.from([8, 0, 1, 0, 1, 2, 3, 4]) }],
        ],
        comment: 'mine',
      }),
    ],
  ],
  'nf_tables set': [readSet, [nftables.addSet({ ...set, interval: true, comment: 'mine' })]],
  'nf_tables elements': [
    readElements,
    nftables.addElements({ ...set, data: 'verdict', interval: true }, [
      { key: ['10.0.0.0/8', 80], data: { verdict: 'jump', chain: 'x' }, comment: 'mine' },
      { key: ['10.0.0.1', { from: 1, to: 9 }], data: { verdict: 'drop' }, timeoutMs: 7 },
    ]),
  ],
  'nf_tables object': [
    readObject,
    [
      nftables.addObject({ ...inet, object: 'o', type: 'counter', comment: 'mine' }),
      nftables.addObject({ ...inet, object: 'o', type: 'quota', bytes: 7n }),
    ],
  ],
  'nf_tables event': [
    // NFT_MSG_DELSETELEM of NFNL_SUBSYS_NFTABLES.
    (message) => readNftEvent({ ...message, type: (10 << 8) | 14 }),
    nftables.addElements(set, [{ key: ['10.0.0.1', 80], comment: 'mine' }]),
  ],
  'nf_tables generation': [readGeneration, [generation]],
  acknowledgement: [
    (message) => failureIn({ ...message, type: 2, flags: 0x300 }, nftables.addTable(inet)),
    [link.setRequest(3, { mtu: 1 }), address.addRequest({ device: 3, address: '10.0.0.1' })],
  ],
};

function payloadOf(request: netlink.Request): Buffer {
  const writer = new MessageWriter();
  request.write(writer);
  return writer.take();
}

/** A few faults: bits, whole bytes, 16-bit words (which lengths are) and the end cut off. */
function damaged(original: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(original);
  for (let fault = random.below(4) + 1; fault > 0 && bytes.length > 4; fault--) {
    const offset = random.below(bytes.length - 2);
    const kind = random.below(4);
    if (kind === 0) bytes[offset] = (bytes[offset] ?? 0) ^ (1 << random.below(8));
    else if (kind === 1) bytes[offset] = random.below(256);
    else
      bytes.writeUInt16LE([0, 1, 3, 4, 5, 0xffff, 0x8000, 64][random.below(8)] ?? 0, offset & ~1);
  }
  return random.below(4) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes;
}

function messageOf(payload: Buffer): Message {
  const source = new Source(payload);
  return { source, type: 16, flags: 2, sequence: 1, start: 0, end: payload.length };
}

for (const [name, [decode, requests]] of Object.entries(subjects)) {
  t.test(`${name}: damaged bytes are read or refused, never anything else`, async (t) => {
    const random = new Random(seed);
    let refused = 0;
    for (const request of requests) {
      const original = payloadOf(request);
      t.doesNotThrow(() => decode(messageOf(original)), 'undamaged ones are read');
      for (let round = 0; round < rounds; round++) {
        const payload = damaged(original, random);
        try {
          decode(messageOf(payload));
        } catch (error) {
          refused++;
          if (!isDomainError(error, 'invalid')) {
            t.fail(`${String(error)} for ${payload.toString('hex')} (seed ${seed})`);
            return;
          }
        }
      }
    }
    t.ok(refused > 0, 'some were damaged enough');
  });
}

t.test('damaged streams of messages end, with their messages or an error', async (t) => {
  const random = new Random(seed);
  const writer = new MessageWriter();
  const request = link.setRequest(3, { alias: 'x', mtu: 1400 });
  for (let i = 0; i < 20; i++) {
    writer.beginMessage(16, 2, 1);
    request.write(writer);
    writer.endMessage();
  }
  const original = writer.take();
  for (let round = 0; round < rounds; round++) {
    const source = new Source(damaged(original, random));
    const answer = new Answer({ ...request, flags: 0x300 }, 1, readLink);
    try {
      readMessages(source, source.bytes.length);
      answer.read(source, source.bytes.length);
      answer.finish();
    } catch (error) {
      // A flipped type may be that of a refusal, which is told as one.
      if (isDomainError(error, 'invalid') || isKernelError(error)) continue;
      t.fail(`${String(error)} (seed ${seed})`);
    }
  }
  t.pass();
});
