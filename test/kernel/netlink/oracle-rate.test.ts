/**
 * Token buckets against `tc`, where we mean to differ in three points: the tables of transmission
 * times (1 KiB each), which no kernel since 3.8 looks at once the link layer is named; the cell
 * sizes of these tables; and bursts, whose time `tc` cuts to whole microseconds and we to 64 ns.
 */
import t from 'tap';
import { netlink } from '../../../src/index.ts';
import { skip, TestNamespace } from './namespace.ts';
import { encoded, hasStrace, messagesOf } from './oracle.ts';

const { link, qdisc, trafficClass } = netlink;

const skipReason = skip || (hasStrace ? false : 'strace is not installed');

/** struct nlmsghdr and tcmsg. */
const headerBytes = 16 + 20;
/** TCA_KIND, TCA_OPTIONS. */
const [kindAttribute, optionsAttribute] = [1, 2];

interface Layout {
  /** The attribute that holds the structure with the rates. */
  readonly parameters: number;
  readonly tables: readonly number[];
  /** Where in it struct tc_ratespec stands, and where numbers of ticks. */
  readonly rates: readonly number[];
  readonly ticks: readonly number[];
  readonly ignored?: readonly number[];
}

/** TCA_TBF_PARMS, RTAB, PTAB; struct tc_tbf_qopt. */
const tbf = { parameters: 1, tables: [2, 3], rates: [0, 12], ticks: [28] };
/** TCA_HTB_PARMS, CTAB, RTAB; struct tc_htb_opt. */
const htb = { parameters: 1, tables: [3, 4], rates: [0, 12], ticks: [24, 28] };

function attributesOf(bytes: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= bytes.length; at += (bytes.readUInt16LE(at) + 3) & ~3) {
    found.set(bytes.readUInt16LE(at + 2), bytes.subarray(at + 4, at + bytes.readUInt16LE(at)));
  }
  return found;
}

/** A message without what is meant to differ, and its numbers of ticks. */
function split(message: Buffer, { parameters, tables, rates, ticks, ignored = [] }: Layout) {
  const outer = attributesOf(message.subarray(headerBytes));
  const inner = attributesOf(outer.get(optionsAttribute) ?? Buffer.alloc(0));
  for (const table of tables) inner.delete(table);
  const structure = Buffer.from(inner.get(parameters) ?? Buffer.alloc(0));
  const numbers = ticks.map((offset) => structure.readUInt32LE(offset));
  for (const offset of [...ticks, ...ignored]) structure.writeUInt32LE(0, offset);
  for (const offset of rates) {
    structure.writeUInt8(0, offset); // cell_log
    structure.writeUInt16LE(0, offset + 4); // cell_align
  }
  inner.set(parameters, structure);
  const header = Buffer.from(message.subarray(4, headerBytes)).toString('hex');
  const kind = outer.get(kindAttribute)?.toString();
  const options = [...inner].toSorted(([a], [b]) => a - b);
  const words = options.map(([type, bytes]) => `${type} ${bytes.toString('hex')}`);
  return { rest: [header, kind, ...words], ticks: numbers };
}

/** A microsecond of the scheduler's ticks of 64 ns. */
const ticksPerMicrosecond = 1000 / 64;

t.test('token buckets are those of tc, byte for byte', { skip: skipReason }, async (t) => {
  using space = new TestNamespace();
  space.ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1');
  using connection = await netlink.open({ namespace: space.path });
  const device = await link.indexOf(connection, 'v0');

  const same = (layout: Layout, command: string, request: netlink.Request): void => {
    const [theirs = Buffer.alloc(0), ...more] = messagesOf(space, command);
    t.equal(more.length, 0);
    const [ours, expected] = [split(encoded(request), layout), split(theirs, layout)];
    t.same(ours.rest, expected.rest, command);
    for (const [index, ticks] of ours.ticks.entries()) {
      const difference = ticks - (expected.ticks[index] ?? NaN);
      t.ok(difference >= 0 && difference <= ticksPerMicrosecond, `${difference} ticks`);
    }
  };

  const mbit = 125_000;
  for (const [rate, rateBytes] of [
    ['1mbit', mbit],
    ['100mbit', 100 * mbit],
    ['1gbit', 1000 * mbit],
    ['30gbit', 30_000 * mbit],
  ] as const) {
    const options = { rateBytes, burstBytes: 65_536, latencyMs: 25 };
    same(
      tbf,
      `tc qdisc replace dev v0 handle 1: root tbf rate ${rate} burst 64kb latency 25ms`,
      qdisc.replaceRequest({ device, kind: 'tbf', handle: '1:', options }),
    );
  }
  // Beyond 2^32 bytes a second, the burst's time is no more looked at: the kernel has its bytes.
  const wide = { rateBytes: 40_000 * mbit, burstBytes: 65_536, latencyMs: 25 };
  same(
    { ...tbf, ticks: [], ignored: tbf.ticks },
    'tc qdisc replace dev v0 handle 1: root tbf rate 40gbit burst 64kb latency 25ms',
    qdisc.replaceRequest({ device, kind: 'tbf', handle: '1:', options: wide }),
  );
  same(
    tbf,
    'tc qdisc replace dev v0 handle 1: root tbf rate 10mbit burst 20000 limit 30000',
    qdisc.replaceRequest({
      device,
      kind: 'tbf',
      handle: '1:',
      options: { rateBytes: 10 * mbit, burstBytes: 20_000, limitBytes: 30_000 },
    }),
  );
  space.exec('tc', 'qdisc', 'replace', 'dev', 'v0', 'handle', '2:', 'root', 'htb');
  same(
    htb,
    'tc class add dev v0 parent 2: classid 2:10 htb rate 10mbit ceil 20mbit ' +
      'burst 15000 cburst 16000 prio 3 quantum 3000',
    trafficClass.addRequest({
      device,
      parent: '2:',
      handle: '2:10',
      rateBytes: 10 * mbit,
      ceilBytes: 20 * mbit,
      burstBytes: 15_000,
      ceilBurstBytes: 16_000,
      priority: 3,
      quantum: 3000,
    }),
  );
  same(
    htb,
    'tc class replace dev v0 parent 2: classid 2:20 htb rate 10gbit ceil 40gbit ' +
      'burst 1000000 cburst 2000000 quantum 60000',
    trafficClass.replaceRequest({
      device,
      parent: '2:',
      handle: '2:20',
      rateBytes: 10_000 * mbit,
      ceilBytes: 40_000 * mbit,
      burstBytes: 1_000_000,
      ceilBurstBytes: 2_000_000,
      quantum: 60_000,
    }),
  );
});

/** What tc says of a device after somebody has made queues and classes there. */
async function shown(make: (space: TestNamespace) => Promise<void>): Promise<string> {
  using space = new TestNamespace();
  space.ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1');
  await make(space);
  const [queues, classes] = ['qdisc', 'class'].map((what) => {
    return space.exec('tc', '-d', what, 'show', 'dev', 'v0');
  });
  return `${queues}${classes}`;
}

t.test('tc shows what we make as it shows its own', { skip }, async (t) => {
  const [mbit, handle] = [125_000, '1:'] as const;
  const ours = await shown(async (space) => {
    using connection = await netlink.open({ namespace: space.path });
    await qdisc.add(connection, { device: 'v0', kind: 'htb', handle });
    await trafficClass.add(connection, {
      device: 'v0',
      parent: '1:',
      handle: '1:10',
      rateBytes: 10 * mbit,
      ceilBytes: 20 * mbit,
      burstBytes: 16_384,
      ceilBurstBytes: 16_384,
    });
    await qdisc.add(connection, {
      device: 'v0',
      parent: '1:10',
      handle: '10:',
      kind: 'tbf',
      options: { rateBytes: 8 * mbit, burstBytes: 32_768, latencyMs: 50 },
    });
  });
  const theirs = await shown((space) => {
    const run = (words: string): unknown => space.exec('tc', ...words.split(' '));
    run('qdisc add dev v0 handle 1: root htb');
    run('class add dev v0 parent 1: classid 1:10 htb rate 10mbit ceil 20mbit burst 16k cburst 16k');
    run('qdisc add dev v0 parent 1:10 handle 10: tbf rate 8mbit burst 32k latency 50ms');
    return Promise.resolve();
  });
  t.equal(ours, theirs);
});
