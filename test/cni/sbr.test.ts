/** Our sbr beside the reference's: rules and tables of a pod with two interfaces. */
import t from 'tap';
import { skip, TestHost, type Maker, type Outcome } from './test-host.ts';

t.setTimeout(900_000);

const callAs =
  (maker: Maker) =>
  (host: TestHost, verb: string, extra: object = {}): Outcome => {
    const prevResult = host.previousResult();
    return host.call(maker, 'sbr', { verb, input: { cniVersion: '1.0.0', prevResult, ...extra } });
  };
const call = callAs('ours');

/** Rules and routes, of IPv6 without what the kernel has for every interface. */
function routing(host: TestHost): Record<string, readonly string[]> {
  const lines = (...args: string[]) =>
    host
      .ip('pod', ...args)
      .split('\n')
      .map((line) => line.trim().replaceAll(/ proto \w+| pref medium| metric 1024| onlink/g, ''))
      .filter((line) => line !== '' && !/fe80::|ff00::|table (local|255)|lookup local/.test(line))
      .toSorted();
  return {
    rules: lines('rule').map((line) => line.replace(/^\d+:/, '')),
    rules6: lines('-6', 'rule').map((line) => line.replace(/^\d+:/, '')),
    routes: lines('route', 'show', 'table', 'all').filter((line) => !line.includes(':')),
    routes6: lines('-6', 'route', 'show', 'table', 'all'),
  };
}

t.test('source based routing', { skip }, async (t) => {
  t.test('rules, tables and what is left of the main table are the same', async (t) => {
    const seen = (['reference', 'ours'] as const).map((maker) => {
      using host = new TestHost();
      host.ip('pod', 'route', 'add', '192.0.2.0/24', 'via', '10.77.0.9');
      const before = routing(host);
      const added = callAs(maker)(host, 'ADD').exitCode;
      const during = routing(host);
      const deleted = [1, 2].map(() => callAs(maker)(host, 'DEL').exitCode);
      const rules = routing(host)['rules'];
      t.same(rules, before['rules'], 'the rules are gone');
      return { added, rules: during['rules'], routes: during['routes'], deleted };
    });
    t.same(seen[1], seen[0]);
    t.comment(JSON.stringify(seen[1]));
  });

  t.test('IPv6 has its table, and the link-local network stays where it is', async (t) => {
    using host = new TestHost();
    t.equal(call(host, 'ADD').exitCode, 0);
    t.equal(call(host, 'CHECK').exitCode, 0);
    const { routes6, rules6 } = routing(host);
    t.match(rules6, ['from fd77::2 lookup 101', 'from all lookup main']);
    t.match(routes6, ['default via fd77::1 dev eth0 table 101', 'fd77::/64 dev eth0 table 101']);
    t.match(host.ip('pod', '-6', 'route'), /^fe80::\/64 dev eth0/m);
    t.equal(
      host.exec('pod', 'ip', '-6', 'route', 'get', 'fd78::2', 'from', 'fd77::2').length > 0,
      true,
    );
  });

  t.test('a table of the administrator gets rules alone (not in 1.1.1)', async (t) => {
    using host = new TestHost();
    t.equal(call(host, 'ADD', { table: 500 }).exitCode, 0);
    const { rules, routes } = routing(host);
    t.match(rules?.join(), /from 10\.77\.0\.2 lookup 500/);
    t.match(routes, ['10.77.0.0/24 dev eth0 scope link src 10.77.0.2', /default/]);
  });

  t.test('gateways and source hints of 1.9', async (t) => {
    using host = new TestHost();
    const wanted = { gateways: ['10.77.0.254', 'fd77::fe'], addSourceHints: true };
    t.equal(call(host, 'ADD', wanted).exitCode, 0);
    const { routes, routes6 } = routing(host);
    t.match(routes?.join('\n'), /default via 10\.77\.0\.254 dev eth0 table 100/);
    t.match(routes?.join('\n'), /^10\.77\.0\.0\/24 dev eth0 scope link src 10\.77\.0\.2$/m);
    t.match(routes6?.join('\n'), /default via fd77::fe dev eth0 table 101/);
    t.notMatch(host.ip('pod', 'route'), /default/);
  });

  t.test('what the reference refuses, ours refuses; a pod that is gone is none', async (t) => {
    using host = new TestHost();
    const bad = [
      { prevResult: undefined },
      { table: 'x' },
      { gateways: ['10.0.0.1', '10.0.0.2'] },
      { gateways: ['x'] },
      { gateways: ['10.0.0.1', 'fd00::1', 'fd00::2'] },
    ];
    for (const extra of bad) t.equal(call(host, 'ADD', extra).exitCode, 1, JSON.stringify(extra));
    const gone = { verb: 'DEL', input: { cniVersion: '1.0.0' }, environment: { CNI_NETNS: '' } };
    t.equal(host.call('ours', 'sbr', gone).exitCode, 0);
  });
});
