import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import t from 'tap';
import { parseConfig } from '../../../../src/cri/config.ts';
import {
  isLoopback,
  streamingSettings,
  type StreamingSettings,
} from '../../../../src/cri/streaming/settings.ts';

const settings = (text: string): Promise<StreamingSettings> =>
  streamingSettings(parseConfig(text, {}, {}));

t.test('by default only the machine itself is answered, for four hours of silence', async (t) => {
  t.same(await settings(''), { host: '127.0.0.1', port: 0, idleMs: 4 * 3_600_000 });
});

t.test('address and idle time can be set', async (t) => {
  t.same(await settings('streaming: {address: "[fd00::1]:10010", idleTimeout: 90s}'), {
    host: 'fd00::1',
    port: 10_010,
    idleMs: 90_000,
  });
});

t.test('an address that no URL could hold is refused', async (t) => {
  for (const address of ['0.0.0.0:0', '[::]:0', '1.2.3:0', '127.0.0.1:99999', 'host:1', ':1']) {
    const text = `streaming: {address: "${address}"}`;
    await t.rejects(async () => settings(text), { kind: 'invalid', message: /streaming.address/ });
  }
  for (const time of ['0s', '5', '100d', '999999999h']) {
    const text = `streaming: {idleTimeout: "${time}"}`;
    await t.rejects(async () => settings(text), { kind: 'invalid', message: /idleTimeout/ });
  }
});

t.test('TLS needs a certificate and its key', async (t) => {
  const folder = await mkdtemp('/tmp/keelson-streaming-');
  t.teardown(() => rm(folder, { recursive: true }));
  await writeFile(`${folder}/cert`, 'CERT');
  await writeFile(`${folder}/key`, 'KEY');
  const files = `certificate: ${folder}/cert, key: ${folder}/key`;
  const { tls } = await settings(`streaming: {${files}}`);
  t.same(tls, { certificate: Buffer.from('CERT'), key: Buffer.from('KEY') });
  await t.rejects(settings(`streaming: {certificate: ${folder}/cert}`), /needs both/);
  await t.rejects(settings(`streaming: {clientAuthority: ${folder}/cert}`), /needs both/);
  await t.rejects(settings(`streaming: {key: /none, certificate: ${folder}/cert}`), /Cannot read/);
});

t.test('loopback is told from other addresses', async (t) => {
  for (const host of ['127.0.0.1', '127.1.2.3', '::1']) t.ok(isLoopback(host), host);
  for (const host of ['10.0.0.1', '::2', 'fd00::1']) t.notOk(isLoopback(host), host);
});
