import { readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parseNetwork } from '../../../src/cni/configuration.ts';
import { ResultCache } from '../../../src/cni/result-cache.ts';

const network = parseNetwork('{"cniVersion":"1.0.0","name":"a-b","plugins":[{"type":"bridge"}]}');
const attachment = { containerId: 'c', interfaceName: 'eth0', netns: '/run/netns/c' };
const cached = { attachment, network, result: { ips: [{ address: '10.0.0.1/8' }] } };

t.test('what was written is read, listed and removed, twice without an error', async (t) => {
  const cache = new ResultCache(join(t.testdir(), 'results'));
  t.equal(await cache.read('a-b', attachment), undefined);
  await cache.write(cached);
  t.same(await cache.read('a-b', attachment), cached);
  t.equal((await cache.list('a-b')).length, 1);
  t.equal((await cache.list('a')).length, 0);
  await cache.remove('a-b', attachment);
  await cache.remove('a-b', attachment);
  t.same(await cache.list('a-b'), []);
});

t.test('names with dashes and slashes never share a file or leave the folder', async (t) => {
  const folder = t.testdir();
  const cache = new ResultCache(folder);
  await cache.write(cached);
  await cache.write({
    ...cached,
    network: { ...network, name: 'a' },
    attachment: { ...attachment, containerId: 'b-c' },
  });
  await cache.write({ ...cached, attachment: { ...attachment, containerId: '../../x' } });
  t.equal(readdirSync(folder).length, 3);
});

t.test('a truncated or foreign file is as none', async (t) => {
  const folder = t.testdir();
  const cache = new ResultCache(folder);
  await cache.write(cached);
  const [name = ''] = readdirSync(folder);
  truncateSync(join(folder, name), 10);
  t.equal(await cache.read('a-b', attachment), undefined);
  writeFileSync(join(folder, name), '{"result":1}');
  t.same(await cache.list('a-b'), []);
});
