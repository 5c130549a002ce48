/** Our tuning beside the reference's: settings and attributes of a pod's interface. */
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { refuseUnlisted } from '../../cni-plugins/tuning/allow-list.ts';
import type { PluginRequest } from '../../src/cni/plugin.ts';
import { skip, TestHost, type Maker, type Outcome } from './test-host.ts';

t.setTimeout(900_000);

interface Changes {
  readonly input?: object;
  readonly args?: string;
}

const callAs =
  (maker: Maker) =>
  (host: TestHost, verb: string, { input = {}, args = '' }: Changes = {}): Outcome => {
    const cniVersion = verb === 'GC' || verb === 'STATUS' ? '1.1.0' : '1.0.0';
    const prevResult = host.previousResult(cniVersion);
    return host.call(maker, 'tuning', {
      verb,
      input: { cniVersion, prevResult, ...input },
      environment: { CNI_ARGS: args },
    });
  };
const call = callAs('ours');

function attributes(host: TestHost): Record<string, unknown> {
  const [shown] = JSON.parse(host.ip('pod', '-j', '-d', 'link', 'show', 'eth0')) as Record<
    string,
    unknown
  >[];
  const { mtu, address, promiscuity, txqlen, allmulti } = shown ?? {};
  const flags = ((shown?.['flags'] ?? []) as string[]).filter((flag) =>
    /PROMISC|ALLMULTI/.test(flag),
  );
  return { mtu, address, promiscuity, txqlen, allmulti, flags };
}

const sysctl = { 'net.ipv4.conf.IFNAME.arp_filter': '1', 'net.ipv4.ip_default_ttl': '33' };
const every = { mac: 'c2:11:22:33:44:55', promisc: true, mtu: 1400, allmulti: true };
const mac = 'c2:00:00:00:00:07';

const cases: Record<string, Changes> = {
  'all attributes and settings': { input: { ...every, sysctl } },
  'nothing at all': {},
  'an address by CNI_ARGS': { args: `IgnoreUnknown=1;MAC=${mac};K8S_POD_NAME=x` },
  'an address by the capability': { input: { mac: every.mac, runtimeConfig: { mac } } },
  'args.cni goes first': {
    input: {
      mac: every.mac,
      sysctl,
      runtimeConfig: { mac: every.mac },
      args: { cni: { mac, mtu: 1300, sysctl: { 'net.ipv4.ip_default_ttl': '55' } } },
    },
  },
  'allmulti off': { input: { allmulti: false } },
};

t.test('beside the reference', { skip }, async (t) => {
  for (const [title, changes] of Object.entries(cases)) {
    t.test(`${title}: set, checked, and given back`, async (t) => {
      const seen = (['reference', 'ours'] as const).map((maker) => {
        using host = new TestHost();
        const dataDir = join(t.testdir(), maker);
        const input = { dataDir, ...changes.input };
        const before = attributes(host);
        const added = callAs(maker)(host, 'ADD', { ...changes, input });
        t.equal(added.exitCode, 0, JSON.stringify(added.document));
        const during = attributes(host);
        const settings = Object.keys(sysctl).map((name) =>
          host.sysctl('pod', name.replace('IFNAME', 'eth0')),
        );
        // Debian's 1.1.1 does not put the interface's name into the settings that it checks.
        const checked = maker === 'reference' || call(host, 'CHECK', { ...changes, input });
        if (checked !== true) t.equal(checked.exitCode, 0, JSON.stringify(checked.document));
        const deleted = callAs(maker)(host, 'DEL', { ...changes, input }).exitCode;
        t.same(attributes(host), before, 'as before');
        const left = existsSync(dataDir) ? readdirSync(dataDir) : [];
        const interfaces = added.document?.['interfaces'] as { name: string; mac: string }[];
        const named = interfaces.find(({ name }) => name === 'eth0')?.mac;
        const told = named === during['address'];
        const { address } = during;
        const shown = { ...during, address: address === before['address'] ? 'old' : address };
        return { shown, settings, deleted, left, told };
      });
      t.same(seen[1], seen[0]);
      t.equal(seen[1]?.told, true, 'the result has the address');
    });
  }

  t.test('what the reference refuses, ours refuses', async (t) => {
    using host = new TestHost();
    const bad: Changes[] = [
      { input: { sysctl: { 'kernel.hostname': 'x' } } },
      { input: { sysctl: { 'net.ipv4.none': '1' } } },
      { input: { sysctl: { 'net.ipv4.ip_default_ttl': 'x' } } },
      { input: { sysctl: { 'net.ipv4.ip_default_ttl': 7 } } },
      { input: { mac: 'zz' } },
      { input: { mtu: -1 } },
      { input: { mtu: 1_000_000 } },
      { input: { prevResult: undefined } },
      { args: 'UNKNOWN=1' },
    ];
    for (const changes of bad) {
      const outcomes = (['reference', 'ours'] as const).map((maker) =>
        callAs(maker)(host, 'ADD', changes),
      );
      t.same(
        outcomes.map(({ exitCode }) => exitCode),
        [1, 1],
        JSON.stringify(changes),
      );
    }
  });
});

t.test('beyond the reference', { skip }, async (t) => {
  t.test('txQLen, which 1.1.1 does not have, is set and given back', async (t) => {
    using host = new TestHost();
    const input = { dataDir: t.testdir(), txQLen: 77 };
    t.equal(call(host, 'ADD', { input }).exitCode, 0);
    t.equal(attributes(host)['txqlen'], 77);
    t.equal(call(host, 'DEL', { input }).exitCode, 0);
    t.equal(attributes(host)['txqlen'], 1000);
  });

  t.test('two of one chain: DEL gives back what was before the first', async (t) => {
    using host = new TestHost();
    const dataDir = t.testdir();
    const before = attributes(host);
    t.equal(call(host, 'ADD', { input: { dataDir, mtu: 1400 } }).exitCode, 0);
    t.equal(call(host, 'ADD', { input: { dataDir, mtu: 1300, txQLen: 5 } }).exitCode, 0);
    t.equal(call(host, 'DEL', { input: { dataDir } }).exitCode, 0);
    t.same(attributes(host), before);
  });

  t.test('a pod that is gone leaves no file behind, and GC finds the rest', async (t) => {
    using host = new TestHost();
    const dataDir = t.testdir();
    t.equal(call(host, 'ADD', { input: { dataDir, mtu: 1400 } }).exitCode, 0);
    const [file = ''] = readdirSync(dataDir);
    t.match(JSON.parse(readFileSync(join(dataDir, file), 'utf8')), { mtu: 1500, network: 'net' });
    const collect = (valid: object[], name = 'net') =>
      call(host, 'GC', { input: { dataDir, name, 'cni.dev/valid-attachments': valid } });
    t.equal(collect([], 'other').exitCode, 0);
    t.equal(collect([{ containerID: host.containerId, ifname: 'eth0' }]).exitCode, 0);
    t.same(readdirSync(dataDir), [file]);
    t.equal(collect([]).exitCode, 0);
    t.same(readdirSync(dataDir), []);
    writeFileSync(join(dataDir, file), '{ half');
    t.equal(call(host, 'DEL', { input: { dataDir } }).exitCode, 0);
    t.same(readdirSync(dataDir), []);
  });

  t.test('a folder that cannot be written is told by STATUS and ADD', async (t) => {
    using host = new TestHost();
    const input = { dataDir: '/proc/none', mtu: 1400 };
    t.match(call(host, 'STATUS', { input }), { exitCode: 1, document: { code: 50 } });
    t.match(call(host, 'ADD', { input }), { exitCode: 1, document: { code: 5 } });
    t.equal(attributes(host)['mtu'], 1500, 'nothing was changed');
  });

  t.test('hostile names of settings reach nothing outside the network', async (t) => {
    using host = new TestHost();
    const names = [
      'net/../kernel/hostname',
      'net..kernel.hostname',
      '/net/ipv4/ip_default_ttl',
      'net/ipv4//ip_default_ttl',
      'net',
      'net.',
      '../net/ipv4/ip_default_ttl',
      `net/${'x'.repeat(300)}`,
      'net\0kernel',
      'NET/ipv4/ip_forward',
    ];
    const before = readFileSync('/proc/sys/kernel/hostname', 'utf8');
    for (const name of names) {
      const { document } = call(host, 'ADD', { input: { sysctl: { [name]: '5' } } });
      t.match(document, { code: 7, msg: /invalid net sysctl key/ }, name.slice(0, 40));
    }
    const twice = { 'net.ipv4.ip_default_ttl': '5', 'net/ipv4/ip_default_ttl': '6' };
    t.match(call(host, 'ADD', { input: { sysctl: twice } }).document, { msg: /duplicated/ });
    t.equal(readFileSync('/proc/sys/kernel/hostname', 'utf8'), before);
  });

  t.test("settings of the whole machine are not the pod's to change", async (t) => {
    using host = new TestHost();
    const file = '/proc/sys/net/core/rmem_default';
    const before = readFileSync(file, 'utf8');
    const input = { sysctl: { 'net.core.rmem_default': '65536' } };
    const { exitCode } = call(host, 'ADD', { input });
    t.ok(exitCode === 1 || readFileSync(file, 'utf8') === before);
    t.equal(readFileSync(file, 'utf8'), before);
  });
});

const request = (name: string) =>
  ({ config: { sysctl: { [name]: '1' } } }) as unknown as PluginRequest;

t.test('an allow list lets through what matches a line of it', async (t) => {
  const file = join(t.testdir(), 'allowlist.conf');
  const check = (name: string) => refuseUnlisted(request(name), file);
  t.doesNotThrow(() => check('net.ipv4.anything'), 'without a file nothing is refused');
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, '^net\\.ipv4\\.conf\\.[a-z]*\\.arp_filter$\n\n  ^net\\.core\\.somaxconn$\n');
  t.doesNotThrow(() => check('net.ipv4.conf.eth.arp_filter'));
  t.doesNotThrow(() => check('net.core.somaxconn'));
  t.throws(() => check('net.ipv4.ip_forward'), { code: 7, message: /is not allowed. Only/ });
  t.throws(() => check('net.core.somaxconn2'), { code: 7 });
  writeFileSync(file, '(');
  t.throws(() => check('net.core.somaxconn'), { code: 7, message: /is no pattern/ });
});
