/** Our firewall: what is forwarded to and from pods, beside others' rules. */
import t from 'tap';
import { reach, reaches, serve } from './port-traffic.ts';
import { skip, TestHost, type Maker, type Outcome } from './test-host.ts';

t.setTimeout(900_000);

const callAs =
  (maker: Maker) =>
  (host: TestHost, verb: string, extra: object = {}): Outcome => {
    const cniVersion = verb === 'GC' || verb === 'STATUS' ? '1.1.0' : '1.0.0';
    const prevResult = host.previousResult(cniVersion);
    return host.call(maker, 'firewall', { verb, input: { cniVersion, prevResult, ...extra } });
  };
const call = callAs('ours');
const ruleset = (host: TestHost) => host.exec('host', 'nft', 'list', 'ruleset');
const legacy = { backend: 'iptables' };

t.test('beside the reference', { skip }, async (t) => {
  t.test('backend iptables makes the same rules, and opens a closed chain FORWARD', async (t) => {
    const seen = [];
    for (const maker of ['reference', 'ours'] as const) {
      using host = new TestHost();
      await serve(host, 'beyond', { tcp: 80 });
      for (const program of ['iptables', 'ip6tables'])
        host.exec('host', program, '-P', 'FORWARD', 'DROP');
      const closed = await reach(host, 'pod', ['tcp', '10.78.0.2', 80]);
      const added = callAs(maker)(host, 'ADD', legacy).exitCode;
      const rules = ['iptables', 'ip6tables'].map((program) => host.exec('host', program, '-S'));
      const open = [
        await reach(host, 'pod', ['tcp', '10.78.0.2', 80]),
        await reach(host, 'pod', ['tcp', 'fd78::2', 80]),
      ];
      const checked = callAs(maker)(host, 'CHECK', legacy).exitCode;
      const deleted = [1, 2].map(() => callAs(maker)(host, 'DEL', legacy).exitCode);
      const left = ['iptables', 'ip6tables'].map((program) => host.exec('host', program, '-S'));
      seen.push({ closed, added, rules, open, checked, deleted, left });
    }
    t.same(seen[1], seen[0]);
    t.same(seen[1]?.open, ['beyond 10.77.0.2', 'beyond fd77::2']);
  });

  t.test('the result passes through, and what the reference refuses ours refuses', async (t) => {
    using host = new TestHost();
    for (const cniVersion of ['0.4.0', '1.0.0']) {
      const input = { cniVersion, prevResult: host.previousResult(cniVersion), ...legacy };
      const [theirs, ours] = (['reference', 'ours'] as const).map((maker) => {
        const { document } = host.call(maker, 'firewall', { verb: 'ADD', input });
        const { dns: _dns, ...rest } = document ?? {};
        return rest;
      });
      t.same(ours, theirs, cniVersion);
    }
    for (const bad of [{ prevResult: undefined }, { ...legacy, ingressPolicy: 'none' }]) {
      const outcomes = (['reference', 'ours'] as const).map((maker) =>
        callAs(maker)(host, 'ADD', bad),
      );
      t.same(
        outcomes.map(({ exitCode }) => exitCode),
        [1, 1],
        JSON.stringify(bad),
      );
    }
  });
});

t.test('by nf_tables', { skip }, async (t) => {
  t.test('a table of its own, an element an address, gone after DEL', async (t) => {
    using host = new TestHost();
    host.exec('host', 'nft', 'add', 'table', 'ip', 'theirs');
    t.equal(call(host, 'ADD').exitCode, 0);
    t.match(ruleset(host), /10\.77\.0\.2 comment "keelson\/net\/kt-.*\/eth0"/);
    t.match(ruleset(host), /fd77::2 comment/);
    t.equal(call(host, 'CHECK').exitCode, 0);
    t.equal(call(host, 'STATUS').exitCode, 0);
    t.equal(call(host, 'DEL').exitCode, 0);
    t.equal(call(host, 'CHECK').exitCode, 1);
    t.equal(call(host, 'DEL', { prevResult: undefined }).exitCode, 0);
    t.notMatch(ruleset(host), /10\.77\.0\.2/);
    t.match(ruleset(host), /table ip theirs/);
  });

  t.test("the administrator's chain goes before the pods' own connections", async (t) => {
    using host = new TestHost();
    await serve(host, 'beyond', { tcp: 80 });
    t.equal(call(host, 'ADD').exitCode, 0);
    const rule = 'add rule inet keelson_firewall CNI-ADMIN ip daddr 10.78.0.2 drop';
    await reaches(t, host, [['pod', 'tcp', '10.78.0.2', 80, 'beyond 10.77.0.2']]);
    host.exec('host', 'nft', ...rule.split(' '));
    t.equal(call(host, 'ADD').exitCode, 0, 'again, as after a crash');
    await reaches(t, host, [
      ['pod', 'tcp', '10.78.0.2', 80, ''],
      ['pod', 'tcp', 'fd78::2', 80, 'beyond fd77::2'],
    ]);
  });

  t.test('a late DEL leaves the next pod of the address; GC removes the stale', async (t) => {
    using host = new TestHost();
    const other = (verb: string, extra: object = {}) =>
      host.call('ours', 'firewall', {
        verb,
        input: { cniVersion: '1.1.0', prevResult: host.previousResult('1.1.0'), ...extra },
        environment: { CNI_CONTAINERID: 'other' },
      });
    t.equal(call(host, 'ADD').exitCode, 0);
    t.equal(other('ADD').exitCode, 0);
    t.equal(call(host, 'DEL').exitCode, 0);
    t.match(ruleset(host), /10\.77\.0\.2 comment "keelson\/net\/other\/eth0"/);
    t.equal(other('GC', { 'cni.dev/valid-attachments': [] }).exitCode, 0);
    t.notMatch(ruleset(host), /10\.77\.0\.2/);
  });

  t.test('hostile names of chains are refused', async (t) => {
    using host = new TestHost();
    for (const iptablesAdminChainName of ['x y', 'a;b', 'x'.repeat(40), 'ä']) {
      const { exitCode } = call(host, 'ADD', { iptablesAdminChainName, ...legacy });
      t.equal(exitCode, 1, iptablesAdminChainName);
    }
  });
});

/** The pod is a port of one bridge, the machine beyond of another. */
function bridged(): TestHost {
  const host = new TestHost();
  const ends = [
    ['br0', 'veth-pod', '10.77.0.1/24'],
    ['br1', 'uplink', '10.78.0.1/24'],
  ] as const;
  for (const [bridge, port, address] of ends) {
    host.ip('host', 'address', 'flush', 'dev', port);
    host.ip('host', 'link', 'add', bridge, 'up', 'type', 'bridge');
    host.ip('host', 'link', 'set', port, 'master', bridge);
    host.ip('host', 'address', 'add', address, 'dev', bridge);
  }
  return host;
}

function on(host: TestHost, verb: string, [bridge, ingressPolicy]: readonly [string, string]) {
  const prevResult = host.previousResult();
  const interfaces = [{ name: bridge }, ...(prevResult['interfaces'] as object[])];
  const ips = [{ interface: 2, address: '10.77.0.2/24' }];
  return call(host, verb, { ingressPolicy, prevResult: { ...prevResult, interfaces, ips } });
}

t.test('ingressPolicy', { skip }, async (t) => {
  t.test('same-bridge closes bridges to each other, not to the host', async (t) => {
    using host = bridged();
    await serve(host, 'beyond', { tcp: 80 });
    await reaches(t, host, [['pod', 'tcp', '10.78.0.2', 80, 'beyond 10.77.0.2']]);
    for (const bridge of ['br0', 'br1'])
      t.equal(on(host, 'ADD', [bridge, 'same-bridge']).exitCode, 0);
    await reaches(t, host, [
      ['pod', 'tcp', '10.78.0.2', 80, ''],
      ['host', 'tcp', '10.78.0.2', 80, 'beyond 10.78.0.1'],
    ]);
    t.equal(on(host, 'CHECK', ['br0', 'same-bridge']).exitCode, 0);
    t.equal(on(host, 'CHECK', ['br0', 'isolated']).exitCode, 1);
    t.equal(on(host, 'DEL', ['br0', 'same-bridge']).exitCode, 0);
    host.ip('host', 'link', 'delete', 'br0');
    const cniVersion = '1.1.0';
    t.equal(call(host, 'GC', { cniVersion }).exitCode, 0);
    t.notMatch(ruleset(host), /"br0"/, 'a bridge that is gone is forgotten');
    t.match(ruleset(host), /"br1"/);
  });

  t.test('isolated closes pods of one bridge to each other', async (t) => {
    using host = bridged();
    host.ip('host', 'link', 'set', 'uplink', 'master', 'br0');
    host.ip('beyond', 'address', 'add', '10.77.0.9/24', 'dev', 'eth0');
    await serve(host, 'beyond', { tcp: 80 });
    await reaches(t, host, [['pod', 'tcp', '10.77.0.9', 80, 'beyond 10.77.0.2']]);
    t.equal(on(host, 'ADD', ['br0', 'isolated']).exitCode, 0);
    host.exec('host', 'bridge', 'link', 'set', 'dev', 'uplink', 'isolated', 'on');
    await reaches(t, host, [
      ['pod', 'tcp', '10.77.0.9', 80, ''],
      ['host', 'tcp', '10.77.0.9', 80, 'beyond 10.77.0.1'],
    ]);
  });
});
