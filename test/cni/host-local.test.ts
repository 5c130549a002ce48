/** Our host-local and the reference's, given the same calls: equal answers and equal files. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Call, type Outcome, referenceFolder, runOurs, runReference } from './run-plugin.ts';

const skip = !existsSync(`${referenceFolder}/host-local`) && 'needs containernetworking-plugins';

type Step = readonly [verb: string, id: string, changes?: { environment?: object; input?: object }];

const ranges = [[{ subnet: '10.9.0.0/29' }], [{ subnet: 'fd09::/64' }]];

function callOf(dataDir: string, [verb, id, changes = {}]: Step, ipam: object): Call {
  return {
    environment: {
      CNI_COMMAND: verb,
      CNI_CONTAINERID: id,
      CNI_IFNAME: 'eth0',
      CNI_NETNS: '/run/netns/absent',
      ...changes.environment,
    },
    input: {
      cniVersion: '1.0.0',
      name: 'net',
      type: 'any',
      ipam: { type: 'host-local', dataDir, ...ipam },
      ...changes.input,
    },
  };
}

/** The lease files as they lie on disk. */
function leasesIn(dataDir: string): Record<string, string> {
  const folder = join(dataDir, 'net');
  if (!existsSync(folder)) return {};
  const names = readdirSync(folder).toSorted();
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** Error texts are compared where the reference's are a contract; else only that both refuse. */
function comparable({ exitCode, document: printed }: Outcome) {
  // Debian's 1.1.1 prints an empty dns in every version, 1.9.1 does not.
  const { dns = {}, ...rest } = printed ?? {};
  const document = printed && { ...rest, ...(Object.keys(Object(dns)).length > 0 && { dns }) };
  return document !== undefined && 'code' in document
    ? { exitCode, refused: true }
    : { exitCode, document };
}

function compare(t: Test, steps: readonly Step[], ipam: object = { ranges }): void {
  const reference = t.testdir({ reference: {}, ours: {} });
  const folders = { reference: join(reference, 'reference'), ours: join(reference, 'ours') };
  for (const step of steps) {
    const expected = runReference('host-local', callOf(folders.reference, step, ipam));
    const actual = runOurs('host-local', callOf(folders.ours, step, ipam));
    t.same(comparable(actual), comparable(expected), `${step[0]} ${step[1]}: same answer`);
    t.same(
      leasesIn(folders.ours),
      leasesIn(folders.reference),
      `${step[0]} ${step[1]}: same files`,
    );
  }
}

t.test('two families, until the range is full, and a release', { skip }, async (t) => {
  const adds = ['a', 'b', 'c', 'd', 'e', 'f'].map((id): Step => ['ADD', id]);
  compare(t, [...adds, ['CHECK', 'a'], ['DEL', 'a'], ['DEL', 'a'], ['CHECK', 'a'], ['ADD', 'g']]);
});

t.test('the same container twice, and two interfaces of one', { skip }, async (t) => {
  const second = { environment: { CNI_IFNAME: 'eth1' } };
  compare(t, [
    ['ADD', 'a'],
    ['ADD', 'a'],
    ['ADD', 'a', second],
    ['DEL', 'a'],
    ['CHECK', 'a', second],
  ]);
});

t.test('addresses that are asked for, three ways', { skip }, async (t) => {
  const args = { environment: { CNI_ARGS: 'IP=10.9.0.5' } };
  const byArgs = { input: { args: { cni: { ips: ['10.9.0.4', 'fd09::99'] } } } };
  const byCapability = { input: { runtimeConfig: { ips: ['10.9.0.6/29'] } } };
  const gateway = { environment: { CNI_ARGS: 'IP=10.9.0.1' } };
  const outside = { environment: { CNI_ARGS: 'IP=10.77.0.1' } };
  const unknown = { environment: { CNI_ARGS: 'MAC=02:00:00:00:00:01' } };
  const ignored = { environment: { CNI_ARGS: 'IgnoreUnknown=1;MAC=02:00:00:00:00:01' } };
  compare(t, [
    ['ADD', 'a', args],
    ['ADD', 'b', args],
    ['ADD', 'c', byArgs],
    ['ADD', 'd', byCapability],
    ['ADD', 'e', gateway],
    ['ADD', 'f', outside],
    ['ADD', 'g', unknown],
    ['ADD', 'h', ignored],
  ]);
});

t.test(
  'ranges of the runtime, gateways, several ranges of a set, routes and dns',
  { skip },
  async (t) => {
    const ipam = {
      ranges: [
        [
          {
            subnet: '10.9.0.0/24',
            rangeStart: '10.9.0.9',
            rangeEnd: '10.9.0.10',
            gateway: '10.9.0.200',
          },
          { subnet: '10.9.1.0/24', rangeStart: '10.9.1.250' },
        ],
      ],
      routes: [{ dst: '0.0.0.0/0' }, { dst: '10.0.0.0/8', gw: '10.9.0.3' }],
      resolvConf: '/etc/resolv.conf',
    };
    const given = { input: { runtimeConfig: { ipRanges: [[{ subnet: '10.50.0.0/24' }]] } } };
    compare(
      t,
      [
        ['ADD', 'a'],
        ['ADD', 'b'],
        ['ADD', 'c'],
        ['ADD', 'd', given],
      ],
      ipam,
    );
  },
);

t.test('the old single range, and every result version', { skip }, async (t) => {
  const versions = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0'];
  const steps = versions.map((cniVersion, index): Step => [
    'ADD',
    `c${index}`,
    { input: { cniVersion } },
  ]);
  compare(t, steps, {
    subnet: '10.9.0.0/24',
    rangeStart: '10.9.0.50',
    routes: [{ dst: '0.0.0.0/0' }],
  });
});

t.test('what the reference refuses, ours refuses', { skip }, async (t) => {
  const bad = [
    {},
    { ranges: [] },
    { ranges: [[]] },
    { ranges: [[{ subnet: '10.9.0.0/31' }]] },
    { ranges: [[{ subnet: '10.9.0.7/24' }]] },
    { ranges: [[{ subnet: '10.9.0.0/24' }], [{ subnet: '10.9.0.0/25' }]] },
    { ranges: [[{ subnet: '10.9.0.0/24' }, { subnet: 'fd09::/64' }]] },
    { ranges: [[{ subnet: '10.9.0.0/24', rangeStart: '10.8.0.1' }]] },
  ];
  for (const ipam of bad) compare(t, [['ADD', 'a']], ipam);
});

t.test('leases of the reference are taken over, and the reverse', { skip }, async (t) => {
  const dataDir = t.testdir();
  const call = (step: Step) => callOf(dataDir, step, { ranges });
  t.equal(runReference('host-local', call(['ADD', 'a'])).exitCode, 0);
  t.match(runOurs('host-local', call(['ADD', 'b'])).document, {
    ips: [{ address: '10.9.0.3/29' }, {}],
  });
  t.match(runReference('host-local', call(['ADD', 'c'])).document, {
    ips: [{ address: '10.9.0.4/29' }, {}],
  });
  t.equal(runOurs('host-local', call(['ADD', 'c'])).exitCode, 1, 'the index noticed the reference');
  t.equal(runOurs('host-local', call(['DEL', 'a'])).exitCode, 0);
  t.equal(runReference('host-local', call(['DEL', 'b'])).exitCode, 0);
  t.equal(runOurs('host-local', call(['DEL', 'c'])).exitCode, 0);
  const left = readdirSync(join(dataDir, 'net')).filter((name) => !/^(lock|last_)/.test(name));
  t.same(left, []);
});

t.test('files of the oldest format, with the id alone, are released', { skip }, async (t) => {
  const dataDir = t.testdir({ net: { '10.9.0.2': 'old' } });
  const call = callOf(dataDir, ['DEL', 'old'], { ranges });
  t.equal(runOurs('host-local', call).exitCode, 0);
  t.notOk(existsSync(join(dataDir, 'net', '10.9.0.2')));
});

t.test('STATUS tells a full range, and GC frees what is not valid', { skip }, async (t) => {
  const dataDir = t.testdir();
  const newest = (step: Step, extra: object = {}) =>
    callOf(dataDir, [step[0], step[1], { input: { cniVersion: '1.1.0', ...extra } }], { ranges });
  for (const id of ['a', 'b', 'c', 'd', 'e']) runOurs('host-local', newest(['ADD', id]));
  t.match(runOurs('host-local', newest(['STATUS', ''])), { exitCode: 1, document: { code: 50 } });
  const valid = [{ containerID: 'b', ifname: 'eth0' }];
  const collect = newest(['GC', ''], { 'cni.dev/valid-attachments': valid });
  t.equal(runOurs('host-local', collect).exitCode, 0);
  t.equal(runOurs('host-local', newest(['STATUS', ''])).exitCode, 0);
  const left = readdirSync(join(dataDir, 'net')).filter((name) => !/^(lock|last_)/.test(name));
  t.same(left.toSorted(), ['10.9.0.3', 'fd09::3']);
});

t.test('a folder that cannot be written gets one clear line', { skip }, async (t) => {
  const { document } = runOurs('host-local', callOf('/sys/none', ['ADD', 'a'], { ranges }));
  t.match(document, { code: 5, msg: /Cannot write leases in "\/sys\/none"/ });
});
