import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { stringify } from 'yaml';
import { readKubeconfig } from '../../../../src/api/client/kubeconfig.ts';

const folder = mkdtempSync(join(tmpdir(), 'keelson-test-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

const cluster = { server: 'https://10.0.0.1:6443/' };

function config(user: object, more: object = {}): string {
  const path = join(folder, 'config');
  const text = stringify({
    'current-context': 'here',
    contexts: [
      { name: 'there', context: { cluster: 'other', user: 'other' } },
      { name: 'here', context: { cluster: 'ours', user: 'me' } },
    ],
    clusters: [{ name: 'ours', cluster: { ...cluster, ...more } }],
    users: [{ name: 'me', user }],
  });
  writeFileSync(path, text);
  return path;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

t.test('certificates stand in the file or beside it', async (t) => {
  writeFileSync(join(folder, 'key.pem'), 'KEY');
  const user = { 'client-certificate-data': base64('CERTIFICATE'), 'client-key': 'key.pem' };
  const authority = { 'certificate-authority-data': base64('AUTHORITY') };
  t.same(await readKubeconfig(config(user, { ...authority, 'tls-server-name': 'kubernetes' })), {
    server: 'https://10.0.0.1:6443',
    authority: 'AUTHORITY',
    serverName: 'kubernetes',
    certificate: 'CERTIFICATE',
    key: 'KEY',
  });
});

t.test('a token in a file is read anew', async (t) => {
  const token = join(folder, 'token');
  writeFileSync(token, 'first\n');
  const address = await readKubeconfig(config({ tokenFile: 'token', token: 'not this' }));
  t.equal(await address.token?.(), 'first');
  writeFileSync(token, 'second\n');
  t.equal(await address.token?.(), 'second');
  t.equal(await (await readKubeconfig(config({ token: 'inline' }))).token?.(), 'inline');
});

t.test('what cannot be honoured is refused', async (t) => {
  const refused: [user: object, more: object, message: RegExp][] = [
    [{ exec: { command: 'login' } }, {}, /exec is not supported/],
    [{ username: 'me', password: 'p' }, {}, /username is not supported/],
    [{}, { 'insecure-skip-tls-verify': true }, /insecure-skip-tls-verify/],
    [{}, { server: '' }, /the cluster has no server/],
    [{ 'client-key': 'absent.pem' }, {}, /client-key: ENOENT/],
  ];
  for (const [user, more, message] of refused) {
    await t.rejects(readKubeconfig(config(user, more)), { message });
  }
  writeFileSync(join(folder, 'config'), 'current-context: none\n');
  await t.rejects(readKubeconfig(join(folder, 'config')), { message: /no context "none"/ });
  writeFileSync(join(folder, 'config'), '[1, 2]');
  await t.rejects(readKubeconfig(join(folder, 'config')), { message: /no mapping/ });
});
