import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parseNetwork } from '../../../src/cni/configuration.ts';
import { ResultCache } from '../../../src/cni/result-cache.ts';

const { loadOnlyInlinedPlugins: _, ...network } = parseNetwork(
  '{"cniVersion":"1.0.0","name":"a-b","plugins":[{"type":"bridge"}]}',
);
const attachment = { containerId: 'c', interfaceName: 'eth0', netns: '/run/netns/c' };
const cached = { attachment, network, result: { ips: [{ address: '10.0.0.1/8' }] } };

t.test('what was written is read, listed and removed, twice without an error', (t) => {
  const cache = new ResultCache(join(t.testdir(), 'results'));
  t.equal(cache.read('a-b', attachment), undefined);
  cache.write(cached);
  t.same(cache.read('a-b', attachment), cached);
  t.equal(cache.list('a-b').length, 1);
  t.equal(cache.list('a').length, 0);
  cache.remove('a-b', attachment);
  cache.remove('a-b', attachment);
  t.same(cache.list('a-b'), []);
  t.end();
});

t.test('names with dashes and slashes never share a file or leave the folder', (t) => {
  const folder = t.testdir();
  const cache = new ResultCache(folder);
  const long = 'x'.repeat(5000);
  const others = [
    { network: { ...network, name: 'a' }, attachment: { ...attachment, containerId: 'b-c' } },
    { network, attachment: { ...attachment, containerId: '../../x' } },
    { network, attachment: { ...attachment, containerId: long } },
    { network, attachment: { ...attachment, containerId: `${long}y` } },
  ];
  for (const other of [cached, ...others]) cache.write({ ...cached, ...other });
  t.equal(readdirSync(folder).length, 5);
  for (const { network, attachment } of [cached, ...others]) {
    t.match(cache.read(network.name, attachment), { network, attachment });
  }
  cache.remove('a', { containerId: 'b-c', interfaceName: 'eth0' });
  t.match(cache.read('a-b', attachment), { attachment });
  t.equal(readdirSync(folder).length, 4);
  t.end();
});

t.test("the file is libcni's, and libcni's are read", (t) => {
  const folder = t.testdir();
  const cache = new ResultCache(folder);
  const whole = {
    ...cached,
    attachment: {
      ...attachment,
      arguments: { IgnoreUnknown: '1', K8S_POD_NAME: 'web' },
      capabilityArguments: { portMappings: [{ hostPort: 80, containerPort: 80 }] },
    },
  };
  cache.write(whole);
  const document = JSON.parse(readFileSync(join(folder, 'a-b-c-eth0'), 'utf8'));
  t.match(document, {
    kind: 'cniCacheV1',
    containerId: 'c',
    ifName: 'eth0',
    networkName: 'a-b',
    netns: '/run/netns/c',
    cniArgs: [
      ['IgnoreUnknown', '1'],
      ['K8S_POD_NAME', 'web'],
    ],
  });
  t.match(JSON.parse(Buffer.from(document.config, 'base64').toString()), {
    name: 'a-b',
    plugins: [{ type: 'bridge' }],
  });
  t.same(cache.read('a-b', attachment), whole);
  t.end();
});

t.test('a truncated or foreign file is as none', (t) => {
  const folder = t.testdir();
  const cache = new ResultCache(folder);
  cache.write(cached);
  const [name = ''] = readdirSync(folder);
  truncateSync(join(folder, name), 10);
  t.equal(cache.read('a-b', attachment), undefined);
  writeFileSync(join(folder, name), '{"result":1}');
  t.same(cache.list('a-b'), []);
  t.end();
});
