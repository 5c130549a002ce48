import t from 'tap';
import type { Clock } from '../../../../src/base/clock.ts';
import { accessOf, Authorizer } from '../../../../src/kubelet/serve/authorize.ts';
import { BoundedCache } from '../../../../src/kubelet/serve/bounded-cache.ts';
import { routeOf } from '../../../../src/kubelet/serve/route.ts';

t.test('each path is a subresource of the node', async (t) => {
  const known: readonly (readonly [string, string, string, readonly string[]])[] = [
    ['GET', '/stats/summary', 'get', ['stats']],
    ['GET', '/metrics', 'get', ['metrics']],
    ['GET', '/metrics/cadvisor', 'get', ['metrics']],
    ['GET', '/pods', 'get', ['pods', 'proxy']],
    ['GET', '/healthz', 'get', ['healthz', 'proxy']],
    ['GET', '/configz', 'get', ['configz', 'proxy']],
    ['POST', '/checkpoint/a/b/c', 'create', ['checkpoint']],
    ['GET', '/containerLogs/a/b/c', 'get', ['proxy']],
    ['POST', '/exec/a/b/c', 'create', ['proxy']],
    ['GET', '/metricsx', 'get', ['proxy']],
    ['GET', '/', 'get', ['proxy']],
  ];
  for (const [method, path, verb, subresources] of known) {
    t.same(accessOf(method, path), { verb, subresources }, path);
  }
});

t.test('paths lead where they say, and nowhere else', async (t) => {
  t.same(routeOf('/stats/summary'), { kind: 'page', page: 'stats/summary' });
  t.same(routeOf('/runningpods/'), { kind: 'page', page: 'runningpods' });
  const place = { namespace: 'ns', pod: 'web', uid: '', container: 'main' };
  t.same(routeOf('/containerLogs/ns/web/main'), { kind: 'log', ...place });
  t.same(routeOf('/exec/ns/web/u1/main'), { kind: 'exec', ...place, uid: 'u1' });
  t.same(routeOf('/portForward/ns/web'), { kind: 'portForward', ...place, container: '' });
  t.same(routeOf('/checkpoint/ns/web/main'), { kind: 'checkpoint', ...place });
  t.equal(routeOf('/checkpoint/ns/web/u1/main'), undefined);
  t.match(routeOf('/exec/ns/web/a%2Fb'), { container: 'a/b' });
  for (const path of ['/', '/exec', '/exec/ns/web', '/exec/ns//main', '/%', '/nodes', '/pods/x']) {
    t.equal(routeOf(path), undefined, path);
  }
});

t.test('answers are remembered for their time, the oldest least', async (t) => {
  let now = 0;
  const clock: Clock = { now: () => now, after: () => () => undefined };
  const cache = new BoundedCache<number>(clock, 2);
  cache.put('a', 1, 10);
  cache.put('b', 2, 100);
  cache.put('c', 3, 0);
  t.same([cache.get('a'), cache.get('b'), cache.get('c')], [1, 2, undefined]);
  cache.put('d', 4, 100);
  t.same([cache.get('a'), cache.get('b'), cache.get('d')], [undefined, 2, 4]);
  now = 100;
  t.equal(cache.get('b'), undefined);
});

t.test('without a server nobody is allowed but by configuration or mastery', async (t) => {
  const clock: Clock = { now: () => 0, after: () => () => undefined };
  const user = { name: 'jane', uid: '', groups: [], extra: {} };
  const webhook = { cacheAuthorizedTTL: 1, cacheUnauthorizedTTL: 1 };
  const access = accessOf('GET', '/pods');
  const common = { client: undefined, clock, node: 'host01' };
  const strict = new Authorizer({ ...common, configuration: { mode: 'Webhook', webhook } });
  t.equal(await strict.allows(user, access), false);
  t.equal(await strict.allows({ ...user, groups: ['system:masters'] }, access), true);
  const open = new Authorizer({ ...common, configuration: { mode: 'AlwaysAllow', webhook } });
  t.equal(await open.allows(user, access), true);
});
