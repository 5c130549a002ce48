import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import {
  delegateConfig,
  parseConfiguration,
  readRanges,
  requireRanges,
  waitForRanges,
} from '../../../../cni-plugins/overlay/configuration.ts';
import type { PluginRequest } from '../../../../src/cni/plugin.ts';

function requestWith(config: Record<string, unknown>): PluginRequest {
  return { config } as unknown as PluginRequest;
}

function fileIn(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-overlay-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'network.json');
}

const signal = new AbortController().signal;
const ranges = ['10.244.1.0/24', 'fd44:0:0:1::/64'];

t.test('what is not said has its default', async (t) => {
  t.same(parseConfiguration(requestWith({})), {
    networkFile: '/run/keelson/network.json',
    attach: 'ptp',
    bridge: 'keelson0',
    dataFolder: '/var/lib/keelson/pod-addresses',
  });
});

t.test('what is wrong is refused', async (t) => {
  for (const config of [{ attach: 'macvlan' }, { networkFile: 'x' }, { dataDir: 'y' }]) {
    t.throws(() => parseConfiguration(requestWith(config)), { code: 7 });
  }
});

t.test('without the agent there is no network, and STATUS says so', async (t) => {
  t.throws(() => requireRanges('/nowhere/network.json'), {
    code: 50,
    details: /keelson network.* running/,
  });
});

t.test('ADD waits for the agent, though not for ever', async (t) => {
  const path = fileIn(t);
  const waiting = waitForRanges(path, signal);
  writeFileSync(path, JSON.stringify({ ranges, mtu: 1450 }));
  t.same(await waiting, { ranges, mtu: 1450 });
  const ended = waitForRanges('/nowhere/network.json', AbortSignal.abort());
  await t.rejects(ended, { code: 11, message: /no range of pod addresses yet/ });
});

t.test('a damaged file is refused, not believed', async (t) => {
  const path = fileIn(t);
  const texts = ['', '{', '[]', '{}', '{"ranges":[]}', '{"ranges":7}', '{"ranges":["x"]}'];
  for (const text of [...texts, '{"ranges":["10.0.0.0/8"],"mtu":-1}']) {
    writeFileSync(path, text);
    t.throws(() => readRanges(path), text);
  }
  t.equal(readRanges('/nowhere/network.json'), undefined);
});

t.test('the plugins that do the work get what they need and nothing of ours', async (t) => {
  const request = requestWith({
    cniVersion: '1.1.0',
    name: 'keelson',
    type: 'overlay',
    networkFile: '/x',
    runtimeConfig: { dns: {} },
    prevResult: {},
    'cni.dev/valid-attachments': [],
    other: 7,
  });
  const configuration = parseConfiguration(requestWith({ attach: 'bridge', dataDir: '/d' }));
  t.same(delegateConfig(request, configuration, { ranges, mtu: 1450 }), {
    cniVersion: '1.1.0',
    name: 'keelson',
    runtimeConfig: { dns: {} },
    prevResult: {},
    'cni.dev/valid-attachments': [],
    type: 'bridge',
    bridge: 'keelson0',
    isGateway: true,
    hairpinMode: true,
    mtu: 1450,
    ipam: {
      type: 'host-local',
      dataDir: '/d',
      ranges: ranges.map((subnet) => [{ subnet }]),
      routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
    },
  });
});

t.test('a pod is removed whatever its range was', async (t) => {
  const config = delegateConfig(requestWith({}), parseConfiguration(requestWith({})));
  t.match(config, { ipam: { ranges: [[{ subnet: '0.0.0.0/0' }], [{ subnet: '::/0' }]] } });
});
