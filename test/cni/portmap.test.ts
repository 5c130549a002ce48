/** Our portmap beside the reference's: real connections through ports of a host. */
import t, { type Test } from 'tap';
import { until } from '../until.ts';
import { reach, reaches, serve, type Transport } from './port-traffic.ts';
import { skip, TestHost, type Maker, type Outcome, type Place } from './test-host.ts';

t.setTimeout(900_000);

const web = { hostPort: 8080, containerPort: 80, protocol: 'tcp' };
const names = { hostPort: 5353, containerPort: 53, protocol: 'udp' };

const callAs =
  (maker: Maker) =>
  (host: TestHost, verb: string, extra: object = {}): Outcome => {
    const cniVersion = verb === 'GC' || verb === 'STATUS' ? '1.1.0' : '1.0.0';
    const prevResult = host.previousResult(cniVersion);
    const runtimeConfig = { portMappings: [web, names] };
    const input = { cniVersion, prevResult, runtimeConfig, ...extra };
    return host.call(maker, 'portmap', { verb, input });
  };
const call = callAs('ours');

const mapped = (...portMappings: readonly object[]) => ({ runtimeConfig: { portMappings } });

type Way = readonly [Place, Transport, string, number];

const ways: readonly Way[] = [
  ['beyond', 'tcp', '10.78.0.1', 8080],
  ['beyond', 'tcp', 'fd78::1', 8080],
  ['beyond', 'udp', '10.78.0.1', 5353],
  ['beyond', 'udp', 'fd78::1', 5353],
  ['beyond', 'udp', '10.78.0.1', 8080],
  ['host', 'tcp', '127.0.0.1', 8080],
  ['host', 'tcp', '10.77.0.1', 8080],
  ['host', 'tcp', 'fd77::1', 8080],
  ['pod', 'tcp', '10.77.0.1', 8080],
  ['pod', 'tcp', 'fd77::1', 8080],
  ['pod', 'tcp', '10.78.0.2', 8080],
];

const translatedBack = [ways[0], ...ways.slice(5, 10)].filter((way) => way !== undefined);

async function walk(host: TestHost, all: readonly Way[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [from, ...to] of all) {
    found[`${from} to ${to.join(' ')}`] = await reach(host, from, to);
  }
  return found;
}

const rules = (text: string) => text.split('\n').filter((line) => line.startsWith('-A'));

async function prepared(): Promise<TestHost> {
  const host = new TestHost();
  await serve(host, 'pod', { tcp: 80, udp: 53 });
  await serve(host, 'beyond', { tcp: 8080 });
  return host;
}

/** The same calls and the same connections on two hosts. */
async function compare(
  t: Test,
  extra: object,
  ...[all, prepare]: [all: readonly Way[], prepare?: (host: TestHost) => void]
): Promise<void> {
  const seen = [];
  for (const maker of ['reference', 'ours'] as const) {
    using host = await prepared();
    prepare?.(host);
    const added = callAs(maker)(host, 'ADD', extra);
    t.equal(added.exitCode, 0, JSON.stringify(added.document));
    const through = await walk(host, all);
    const deleted = [callAs(maker)(host, 'DEL', extra), callAs(maker)(host, 'DEL', extra)];
    const { dns: _dns, interfaces: _macs, ...result } = added.document ?? {};
    const after = await walk(host, all);
    seen.push({ result, through, deleted: deleted.map(({ exitCode }) => exitCode), after });
  }
  t.same(seen[1], seen[0]);
  t.comment(JSON.stringify(seen[1]?.through));
}

t.test('beside the reference', { skip }, async (t) => {
  t.test('two families, two transports, from everywhere, until DEL', async (t) =>
    compare(t, {}, ways),
  );

  t.test('without snat the pod cannot reach itself by the host', async (t) =>
    compare(t, { snat: false }, [...ways.slice(0, 4), ...ways.slice(8)]),
  );

  t.test('one address of the host alone', async (t) => {
    const only = mapped({ ...web, hostIP: '10.78.0.1' }, { ...names, hostIP: 'fd78::1' });
    await compare(t, only, [
      ...ways.slice(0, 4),
      ['host', 'tcp', '10.77.0.1', 8080],
      ['host', 'tcp', '10.78.0.1', 8080],
    ]);
  });

  t.test('conditions in the words of iptables', async (t) =>
    compare(t, { conditionsV4: ['!', '-s', '10.78.0.0/24'], conditionsV6: ['-s', 'fd78::/64'] }, [
      ...ways.slice(0, 4),
      ['host', 'tcp', '10.77.0.1', 8080],
    ]),
  );

  // Ours sets no mark, for its rules see where a connection was sent to; the effect is the same.
  t.test('with a mark of the configuration', async (t) =>
    compare(t, { markMasqBit: 5 }, translatedBack),
  );

  t.test('with the chain of kube-proxy', async (t) =>
    compare(t, { externalSetMarkChain: 'KUBE-MARK-MASQ' }, translatedBack, (host) => {
      for (const program of ['iptables', 'ip6tables']) {
        const nat = (...words: string[]) => host.exec('host', program, '-t', 'nat', ...words);
        nat('-N', 'KUBE-MARK-MASQ');
        nat('-A', 'KUBE-MARK-MASQ', '-j', 'MARK', '--or-mark', '0x4000');
        const marked = ['-m', 'mark', '--mark', '0x4000/0x4000'];
        nat('-A', 'POSTROUTING', ...marked, '-j', 'MASQUERADE');
      }
    }),
  );

  t.test('what the reference refuses, ours refuses', async (t) => {
    using host = new TestHost();
    const bad = [
      { prevResult: undefined },
      { markMasqBit: 32 },
      { markMasqBit: 4, externalSetMarkChain: 'KUBE-MARK-MASQ' },
      { snat: 'yes' },
      { conditionsV4: 7 },
      mapped({ ...web, hostPort: 0 }),
      mapped({ ...web, containerPort: -1 }),
      mapped({ ...web, hostPort: 70_000 }),
      mapped({ ...web, protocol: 'icmp' }),
      mapped({ ...web, hostPort: '80' }),
    ];
    for (const extra of bad) {
      for (const maker of ['reference', 'ours'] as const) {
        const { exitCode } = callAs(maker)(host, 'ADD', extra);
        t.equal(exitCode, 1, `${maker}: ${JSON.stringify(extra)}`);
      }
    }
  });
});

t.test('beyond the reference', { skip }, async (t) => {
  t.test('0.0.0.0 and :: are all addresses of their family', async (t) => {
    using host = await prepared();
    const split = mapped({ ...web, hostIP: '0.0.0.0' }, { ...web, hostPort: 8081, hostIP: '::' });
    t.equal(call(host, 'ADD', split).exitCode, 0);
    await reaches(t, host, [
      ['beyond', 'tcp', '10.78.0.1', 8080, 'pod 10.78.0.2'],
      ['beyond', 'tcp', 'fd78::1', 8080, ''],
      ['beyond', 'tcp', '10.78.0.1', 8081, ''],
      ['beyond', 'tcp', 'fd78::1', 8081, 'pod fd78::2'],
    ]);
  });

  t.test("masqAll, which Debian's 1.1.1 does not have, hides every peer", async (t) => {
    using host = await prepared();
    t.equal(call(host, 'ADD', { masqAll: true }).exitCode, 0);
    await reaches(t, host, [
      ['beyond', 'tcp', '10.78.0.1', 8080, 'pod 10.77.0.1'],
      ['beyond', 'udp', 'fd78::1', 5353, 'pod fd77::1'],
      ['pod', 'tcp', '10.77.0.1', 8080, 'pod 10.77.0.1'],
    ]);
  });

  t.test('conditions in the words of nft, of one network beside others without', async (t) => {
    using host = await prepared();
    const guarded = {
      name: 'guarded',
      ...mapped({ ...web, hostPort: 9090 }),
      conditionsV4: ['ip', 'saddr', '!=', '10.78.0.0/24'],
    };
    t.equal(call(host, 'ADD', guarded).exitCode, 0);
    t.equal(call(host, 'ADD', mapped(web)).exitCode, 0);
    await reaches(t, host, [
      ['beyond', 'tcp', '10.78.0.1', 9090, ''],
      ['host', 'tcp', '10.77.0.1', 9090, 'pod 10.77.0.1'],
      ['beyond', 'tcp', '10.78.0.1', 8080, 'pod 10.78.0.2'],
    ]);
    for (const words of [['-m', 'owner', '--uid-owner', '0'], ['ct', 'state', 'new'], ['-s']]) {
      const refused = call(host, 'ADD', { conditionsV4: words });
      t.match(refused, { exitCode: 1, document: { code: 2 } }, words.join(' '));
    }
  });

  t.test('CHECK finds what is missing, STATUS answers', async (t) => {
    using host = new TestHost();
    t.equal(call(host, 'ADD').exitCode, 0);
    t.equal(call(host, 'CHECK').exitCode, 0);
    const element = 'element inet keelson_portmap to_any4 { udp . 5353 }';
    host.exec('host', 'nft', 'delete', ...element.split(' '));
    t.match(call(host, 'CHECK'), {
      exitCode: 1,
      document: { msg: /hostPort 5353\/udp is missing/ },
    });
    host.exec('host', 'nft', 'flush', 'ruleset');
    t.equal(call(host, 'CHECK').exitCode, 1);
    t.equal(call(host, 'STATUS').exitCode, 0);
    t.equal(call(host, 'ADD').exitCode, 0, 'the table is made anew');
    t.equal(call(host, 'CHECK').exitCode, 0);
  });

  t.test('an old UDP flow follows the mapping to the new pod', async (t) => {
    using host = await prepared();
    host.start('host', 'socat', 'UDP4-RECVFROM:5353,fork', 'SYSTEM:read ask; echo host');
    const ask = 'echo ask | timeout 3 socat -t1 - UDP4:10.78.0.1:5353,sourceport=4444';
    // A flow that stayed with the host would be kept alive by being asked.
    const answered = (words: RegExp) =>
      until(
        () => host.finish('beyond', 'sh', '-c', ask),
        (answer) => words.test(answer),
      );
    await answered(/^host$/m);
    t.equal(call(host, 'ADD').exitCode, 0);
    t.ok(await answered(/^pod 10\.78\.0\.2/));
  });

  t.test('rules of iptables-legacy and of others stay as they are', async (t) => {
    using host = await prepared();
    const legacy = 'iptables-legacy -t nat -A PREROUTING -p tcp --dport 7777 -j REDIRECT --to 1';
    const [command = '', ...args] = legacy.split(' ');
    host.exec('host', command, ...args);
    host.exec('host', 'nft', 'add', 'table', 'ip', 'theirs');
    const before = host.exec('host', 'iptables-legacy-save', '-t', 'nat');
    t.equal(call(host, 'ADD').exitCode, 0);
    await reaches(t, host, [['beyond', 'tcp', '10.78.0.1', 8080, 'pod 10.78.0.2']]);
    t.equal(call(host, 'DEL').exitCode, 0);
    t.same(rules(host.exec('host', 'iptables-legacy-save', '-t', 'nat')), rules(before));
    t.match(host.exec('host', 'nft', 'list', 'tables'), /table ip theirs/);
  });
});
