import t from 'tap';
import { routingTable } from '../../../../src/network/ingress/routing-table.ts';
import { backendOf, ingress } from './proxy-here.ts';

/** The Service that a request is for. */
function found(table: ReturnType<typeof routingTable>, host: string, path: string) {
  return table.find(host, path)?.service;
}

t.test("the specification's table of paths", (t) => {
  const rows: readonly (readonly [type: string, paths: string[], request: string, is?: string])[] =
    [
      ['Prefix', ['/'], '/', '/'],
      ['Prefix', ['/'], '/all/paths', '/'],
      ['Exact', ['/foo'], '/foo', '/foo'],
      ['Exact', ['/foo'], '/bar'],
      ['Exact', ['/foo'], '/foo/'],
      ['Exact', ['/foo/'], '/foo'],
      ['Prefix', ['/foo'], '/foo', '/foo'],
      ['Prefix', ['/foo'], '/foo/', '/foo'],
      ['Prefix', ['/foo/'], '/foo', '/foo/'],
      ['Prefix', ['/foo/'], '/foo/', '/foo/'],
      ['Prefix', ['/aaa/bb'], '/aaa/bbb'],
      ['Prefix', ['/aaa/bbb'], '/aaa/bbb', '/aaa/bbb'],
      ['Prefix', ['/aaa/bbb/'], '/aaa/bbb', '/aaa/bbb/'],
      ['Prefix', ['/aaa/bbb'], '/aaa/bbb/', '/aaa/bbb'],
      ['Prefix', ['/aaa/bbb'], '/aaa/bbb/ccc', '/aaa/bbb'],
      ['Prefix', ['/aaa/bbb'], '/aaa/bbbxyz'],
      ['Prefix', ['/', '/aaa'], '/aaa/ccc', '/aaa'],
      ['Prefix', ['/', '/aaa', '/aaa/bbb'], '/aaa/bbb', '/aaa/bbb'],
      ['Prefix', ['/', '/aaa', '/aaa/bbb'], '/ccc', '/'],
      ['Prefix', ['/aaa'], '/ccc'],
      ['ImplementationSpecific', ['/foo'], '/foo/bar', '/foo'],
      ['ImplementationSpecific', ['/foo'], '/foobar'],
    ];
  for (const [type, paths, request, is] of rows) {
    const rules = paths.map((path) => ['', path, type, path] as const);
    const table = routingTable([ingress('web', rules)]);
    t.equal(found(table, 'any', request), is, `${type} ${paths.join(' ')}: ${request}`);
  }
  const mixed = routingTable([
    ingress('web', [
      ['', '/foo', 'Prefix', 'prefix'],
      ['', '/foo', 'Exact', 'exact'],
    ]),
  ]);
  t.equal(found(mixed, 'any', '/foo'), 'exact', 'exact before a prefix');
  t.equal(found(mixed, 'any', '/foo/bar'), 'prefix');
  t.end();
});

t.test('hosts: a name before its pattern before no host, and on to those', (t) => {
  const table = routingTable([
    ingress('web', [
      ['bar.foo.com', '/bar', 'Prefix', 'name'],
      ['*.foo.com', '/', 'Prefix', 'pattern'],
      ['', '/every', 'Prefix', 'every'],
    ]),
  ]);
  t.equal(found(table, 'bar.foo.com', '/bar'), 'name');
  t.equal(found(table, 'bar.foo.com', '/other'), 'pattern', 'a rule that fits as well');
  t.equal(found(table, 'baz.foo.com', '/bar'), 'pattern');
  t.equal(found(table, 'baz.bar.foo.com', '/'), undefined, 'a star is one label');
  t.equal(found(table, 'foo.com', '/'), undefined);
  t.equal(found(table, 'other', '/every/where'), 'every');
  t.equal(found(table, '10.0.0.1', '/every'), 'every');
  t.end();
});

function at(name: string, creationTimestamp: string, namespace = 'default') {
  return ingress(name, [['web', '/', 'Prefix', name]], {
    metadata: { creationTimestamp, namespace },
  });
}

t.test('of two Ingresses with one rule the older has it', (t) => {
  const old = at('old', '2025-01-01T00:00:00Z');
  const young = at('a-young', '2026-01-01T00:00:00Z', 'a-namespace');
  for (const list of [
    [old, young],
    [young, old],
  ]) {
    t.equal(found(routingTable(list), 'web', '/'), 'old');
  }
  t.equal(found(routingTable([young]), 'web', '/'), 'a-young');
  t.end();
});

t.test('default backends come after all rules: those of the host, then of everybody', (t) => {
  const table = routingTable([
    ingress('web', [['web', '/api', 'Prefix', 'api']], {
      spec: { defaultBackend: backendOf('own') },
    }),
    ingress('all', [], { spec: { defaultBackend: backendOf('all') } }),
    ingress('other', [['other', '/', 'Exact', 'other']]),
  ]);
  t.equal(found(table, 'web', '/api/1'), 'api');
  t.equal(found(table, 'web', '/'), 'own');
  t.equal(found(table, 'other', '/x'), 'all');
  t.equal(found(table, 'nobody', '/'), 'all');
  t.same([...table.services].toSorted(), [
    'default/all',
    'default/api',
    'default/other',
    'default/own',
  ]);
  t.end();
});

t.test('a path that is left out is all of them, a port may have a name', (t) => {
  const table = routingTable([
    {
      metadata: { namespace: 'shop', name: 'web', creationTimestamp: '2026-01-01T00:00:00Z' },
      spec: {
        tls: [{ hosts: ['*.shop.example'] }],
        rules: [
          {
            http: {
              paths: [
                {
                  pathType: 'ImplementationSpecific',
                  backend: { service: { name: 'web', port: { name: 'http' } } },
                },
              ],
            },
          },
        ],
      },
    },
  ]);
  t.match(table.find('any', '/thing'), { namespace: 'shop', service: 'web', port: 'http' });
  t.ok(table.isEncrypted('www.shop.example'));
  t.notOk(table.isEncrypted('shop.example'));
  t.end();
});
