/**
 * Every plugin in every version of the specification, beside the reference: what it says it speaks,
 * the shape of its answers, and what it refuses. (Bridge, ptp, macvlan, host-device and host-local
 * compare their kernels or files in each version in their own tests.)
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { plugins } from '../../cni-plugins/registry.ts';
import {
  atLeast,
  impliedSpecVersion,
  type SpecVersion,
  specVersions,
} from '../../src/cni/spec-version.ts';
import { referenceFolder, skip, TestHost, type Maker, type Outcome } from './test-host.ts';

t.setTimeout(300_000);

const makers = ['reference', 'ours'] as const;
/** Debian's 1.1.1 ends with 1.0.0. */
const shared = specVersions.filter((version) => version !== '1.1.0');

t.test('all of them speak every version; the reference some of them fewer', { skip }, (t) => {
  using host = new TestHost();
  const types = [...plugins.keys()];
  const ours = host.callMany(types.map((type) => ({ type, verb: 'VERSION', input: {} })));
  for (const [index, type] of types.entries()) {
    const supportedVersions = ours[index]?.document?.['supportedVersions'];
    t.same(supportedVersions, specVersions, type);
    if (!existsSync(`${referenceFolder}/${type}`)) continue;
    const { document } = host.call('reference', type, { verb: 'VERSION', input: {} });
    const theirs = document?.['supportedVersions'] as string[];
    t.same(theirs, shared.slice(-theirs.length), `${type} of the reference: the latest`);
  }
  t.end();
});

interface Case {
  readonly type: string;
  readonly input: object;
}

/** What an earlier plugin gave, in the shape of a version. */
function previous(host: TestHost, version: string): object {
  if (version !== '0.1.0' && version !== '0.2.0') return host.previousResult(version);
  return {
    cniVersion: version,
    ip4: { ip: '10.77.0.2/24', gateway: '10.77.0.1', routes: [{ dst: '0.0.0.0/0' }] },
    ip6: { ip: 'fd77::2/64', gateway: 'fd77::1' },
    dns: {},
  };
}

/**
 * Where we mean to differ: the reference refuses old versions in these plugins, and its loopback
 * prints the shape of 1.0.0 under whatever number.
 */
const leastOfReference = new Map<string, SpecVersion>([
  ['bandwidth', '0.3.0'],
  ['firewall', '0.4.0'],
  ['loopback', '1.0.0'],
]);

const addresses = [
  { address: '10.5.0.2/24', gateway: '10.5.0.1' },
  { address: 'fd05::2/64', gateway: 'fd05::1' },
];
const routes = [{ dst: '0.0.0.0/0' }, { dst: 'fd06::/64', gw: 'fd05::9' }];
const dns = { nameservers: ['10.5.0.53'], search: ['a.b'], options: ['ndots:2'] };

const cases: readonly Case[] = [
  { type: 'loopback', input: {} },
  { type: 'static', input: { ipam: { type: 'static', addresses, routes, dns } } },
  { type: 'static', input: { ipam: { type: 'static', addresses: addresses.slice(0, 1) } } },
  { type: 'tuning', input: { mtu: 1400 } },
  { type: 'bandwidth', input: { ingressRate: 8_000_000, ingressBurst: 800_000 } },
  { type: 'firewall', input: { backend: 'iptables' } },
  {
    type: 'portmap',
    input: {
      capabilities: { portMappings: true },
      runtimeConfig: { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }] },
    },
  },
  { type: 'sbr', input: {} },
];

/** Texts of errors are our own; an empty dns is printed by 1.1.1 in every version, 1.9.1 not. */
function comparable({ exitCode, document }: Outcome, host: TestHost) {
  if (document === undefined || 'code' in document) return { exitCode, refused: exitCode !== 0 };
  const { dns: shown = {}, ...rest } = document;
  const given = Object.keys(Object(shown)).length > 0 && { dns: shown };
  const text = JSON.stringify({ ...rest, ...given });
  const anonymous = text.replaceAll(host.path('pod'), 'POD').replaceAll(/(\w\w:){5}\w\w/g, 'MAC');
  return { exitCode, document: JSON.parse(anonymous) as object };
}

function callsOf(t: Test, maker: Maker, version: SpecVersion) {
  using host = new TestHost();
  const spoken = cases.filter(({ type }) => {
    return atLeast(version, leastOfReference.get(type) ?? version);
  });
  const calls = spoken.flatMap(({ type, input }) => {
    const environment = type === 'loopback' ? { CNI_IFNAME: 'lo' } : {};
    const prevResult = type === 'static' || type === 'loopback' ? {} : previous(host, version);
    const chained = Object.keys(prevResult).length > 0 && { prevResult };
    const dataDir = join(t.testdirName, maker);
    const whole = { cniVersion: version, dataDir, ...chained, ...input };
    return ['ADD', 'DEL'].map((verb) => ({ type, verb, input: whole, environment }));
  });
  const outcomes =
    maker === 'ours'
      ? host.callMany(calls)
      : calls.map(({ type, ...call }) => host.call(maker, type, call));
  return outcomes.map((outcome, index) => {
    const { type, verb } = calls[index] ?? {};
    return { type, verb, ...comparable(outcome, host) };
  });
}

for (const version of shared) {
  t.test(`answers in ${version}`, { skip }, async (t) => {
    t.testdir({});
    const [theirs, ours] = makers.map((maker) => callsOf(t, maker, version));
    t.same(ours, theirs);
    const answered = ours?.filter((one) => 'document' in one) ?? [];
    t.ok(answered.length > 0, `${answered.length} with a result`);
  });
}

t.test('a version that the reference does not speak, in the shape of its time', { skip }, (t) => {
  using host = new TestHost();
  const cniVersion = '0.2.0';
  const input = { cniVersion, prevResult: previous(host, cniVersion), ingressRate: 8_000_000 };
  const lo = { cniVersion };
  const [limited, loop] = host.callMany([
    { type: 'bandwidth', verb: 'ADD', input: { ...input, ingressBurst: 800_000 } },
    { type: 'loopback', verb: 'ADD', input: lo, environment: { CNI_IFNAME: 'lo' } },
  ]);
  t.match(limited, { exitCode: 0, document: { ip4: { ip: '10.77.0.2/24' } } });
  t.match(loop, { exitCode: 0, document: { ip4: { ip: '127.0.0.1/8' }, ip6: { ip: '::1/128' } } });
  t.end();
});

t.test('1.1.0 is 1.0.0 with its number', { skip }, async (t) => {
  t.testdir({});
  const [old, now] = (['1.0.0', '1.1.0'] as const).map((version) => callsOf(t, 'ours', version));
  t.same(JSON.parse(JSON.stringify(now).replaceAll('"1.1.0"', '"1.0.0"')), old);
});

t.test('no version is the oldest; unknown ones are refused with code 1', { skip }, async (t) => {
  using host = new TestHost();
  const ipam = { type: 'static', addresses };
  const without = makers.map((maker) => {
    return comparable(host.call(maker, 'static', { verb: 'ADD', input: { ipam } }), host);
  });
  t.same(without[1], without[0]);
  t.match(without[1], { document: { cniVersion: impliedSpecVersion } });
  for (const cniVersion of ['9.9.9', '1.0', 'x', '1.1.0-rc0']) {
    for (const maker of makers) {
      const outcome = host.call(maker, 'static', { verb: 'ADD', input: { ipam, cniVersion } });
      t.match(outcome, { exitCode: 1, document: { code: 1 } }, `${maker} ${cniVersion}`);
    }
  }
  const early = [
    ['CHECK', '0.3.1'],
    ['GC', '1.0.0'],
    ['STATUS', '1.0.0'],
  ] as const;
  const calls = early.flatMap(([verb, cniVersion]) =>
    [...plugins.keys()].map((type) => ({ type, verb, input: { cniVersion, ipam } })),
  );
  for (const [index, outcome] of host.callMany(calls).entries()) {
    const { type, verb } = calls[index] ?? {};
    t.match(outcome, { exitCode: 1, document: { code: 1 } }, `${type} ${verb} before its version`);
  }
});
