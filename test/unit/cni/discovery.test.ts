import { join } from 'node:path';
import t from 'tap';
import { discoverNetworks, loadNetwork } from '../../../src/cni/discovery.ts';

const network = (name: string, plugins: object[] | undefined = [{ type: 'bridge' }]) =>
  JSON.stringify({ cniVersion: '1.1.0', name, plugins });

t.test('networks come by file name, and bad files are reported and passed over', async (t) => {
  const folder = t.testdir({
    '20-b.conflist': network('b'),
    '10-a.conf': '{"name":"a","type":"ptp","cniVersion":"1.0.0"}',
    '05-bad.json': '{',
    'calico-kubeconfig': 'not a configuration',
    '30-c.json': network('c'),
    '00-folder.conf': {},
  });
  const { networks, rejected } = await discoverNetworks(folder);
  t.same(
    networks.map((found) => found.network.name),
    ['a', 'b', 'c'],
  );
  t.match(rejected, [{ path: join(folder, '05-bad.json'), reason: /Cannot parse/ }]);
});

t.test('an absent folder has no networks', async (t) => {
  t.same(await discoverNetworks('/nowhere/net.d'), { networks: [], rejected: [] });
});

t.test("plugins of the network's own folder are appended in order of their names", async (t) => {
  const folder = t.testdir({
    'net.conflist': network('net'),
    net: { '2.conf': '{"type":"tuning"}', '1.conf': '{"type":"portmap"}', readme: 'x' },
  });
  const { plugins } = await loadNetwork(join(folder, 'net.conflist'));
  t.same(
    plugins.map(({ type }) => type),
    ['bridge', 'portmap', 'tuning'],
  );
});

t.test(
  'loadOnlyInlinedPlugins leaves the folder alone, and no plugin at all is refused',
  async (t) => {
    const folder = t.testdir({
      'a.conflist': `{"name":"a","loadOnlyInlinedPlugins":true,"plugins":[{"type":"bridge"}]}`,
      a: { '1.conf': '{"type":"portmap"}' },
      'b.conflist': '{"name":"b","plugins":[]}',
    });
    t.equal((await loadNetwork(join(folder, 'a.conflist'))).plugins.length, 1);
    await t.rejects(loadNetwork(join(folder, 'b.conflist')), /has no plugins/);
  },
);

t.test('a file that is too large is passed over', async (t) => {
  const folder = t.testdir({ 'a.conf': `{"name":"${'a'.repeat(1024 * 1024)}"}` });
  t.match(await discoverNetworks(folder), { rejected: [{ reason: /too large/ }] });
});
