import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { findCredentials } from '../../../../src/image/registry/credentials.ts';

const folder = mkdtempSync(join(tmpdir(), 'keelson-credentials-'));
const path = join(folder, 'config.json');
const systemPath = process.env['PATH'] ?? '';
process.env['PATH'] = `${folder}:${systemPath}`;
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

const auth = Buffer.from('user:pass:word').toString('base64');
const found = { username: 'user', password: 'pass:word' };

t.test(
  'an entry is found by host, by port, by an old URL and for the narrowest path',
  async (t) => {
    const narrow = Buffer.from('team:x').toString('base64');
    write({
      auths: {
        'host.example': { auth },
        'host.example/team': { auth: narrow },
        'https://old.example/v1/': { auth },
        'host.example:5000': { username: 'plain', password: 'p' },
        'https://index.docker.io/v1/': { auth },
      },
    });
    t.same(await findCredentials('host.example', 'app', path), found);
    t.same(await findCredentials('old.example', 'app', path), found);
    t.same(await findCredentials('registry-1.docker.io', 'library/app', path), found);
    t.same(await findCredentials('host.example', 'team/app', path), {
      username: 'team',
      password: 'x',
    });
    t.same(await findCredentials('host.example', 'teamwork/app', path), found);
    t.same(await findCredentials('host.example:5000', 'app', path), {
      username: 'plain',
      password: 'p',
    });
  },
);

t.test('another host gets nothing, however alike its name is', async (t) => {
  write({ auths: { 'host.example': { auth } } });
  for (const host of [
    'host.example.evil',
    'evil-host.example',
    'host.example:443',
    'example',
    '',
  ]) {
    t.equal(await findCredentials(host, 'app', path), undefined, host);
  }
  t.equal(await findCredentials('constructor', 'app', path), undefined);
});

t.test('identity tokens and ready tokens are kept apart from passwords', async (t) => {
  write({
    auths: {
      a: { auth: Buffer.from('<token>:').toString('base64'), identitytoken: 'identity' },
      b: { registrytoken: 'ready' },
      c: {},
    },
  });
  t.match(await findCredentials('a', '', path), { identityToken: 'identity' });
  t.same(await findCredentials('b', '', path), { registryToken: 'ready' });
  t.equal(await findCredentials('c', '', path), undefined);
});

t.test('a missing file is no credentials, a damaged one is an error', async (t) => {
  t.equal(await findCredentials('a', '', join(folder, 'missing')), undefined);
  t.equal(await findCredentials('a', '', ''), undefined);
  for (const text of ['{', '[]', '{"auths":[]}', '{"auths":{"a":{"auth":"!!!"}}}']) {
    writeFileSync(path, text);
    await t.rejects(findCredentials('a', '', path), { name: 'DomainError' }, text);
  }
});

t.test('a helper is asked for its host, and the store for all others', async (t) => {
  helper('one', 'read server; echo "{\\"Username\\":\\"one\\",\\"Secret\\":\\"$server\\"}"');
  helper('all', 'read server; echo "{\\"Username\\":\\"<token>\\",\\"Secret\\":\\"$server\\"}"');
  write({ auths: {}, credHelpers: { 'one.example': 'one' }, credsStore: 'all' });
  t.same(await findCredentials('one.example', 'app', path), {
    username: 'one',
    password: 'one.example',
  });
  t.same(await findCredentials('two.example', 'app', path), { identityToken: 'two.example' });
  t.same(await findCredentials('registry-1.docker.io', 'library/app', path), {
    identityToken: 'https://index.docker.io/v1/',
  });
});

t.test('a store without an entry leaves it to the file', async (t) => {
  helper('none', 'echo "credentials not found in native keychain"; exit 1');
  write({ auths: { 'host.example': { auth } }, credsStore: 'none' });
  t.same(await findCredentials('host.example', 'app', path), found);
});

t.test(
  'a helper that fails, floods, hangs or has a path for a name is one clear error',
  async (t) => {
    helper('fail', 'echo "keychain is locked"; exit 3');
    helper('flood', 'cat /dev/zero');
    helper('garbage', 'echo hello');
    const cases: [string, RegExp][] = [
      ['fail', /docker-credential-fail failed: keychain is locked/],
      ['flood', /printed more than/],
      ['garbage', /is not JSON/],
      ['missing', /cannot be run/],
      ['../../bin/sh', /is not a valid name/],
      ['-x', /is not a valid name/],
    ];
    for (const [name, words] of cases) {
      write({ credHelpers: { 'host.example': name } });
      await t.rejects(findCredentials('host.example', '', path), words, name);
    }
  },
);

t.test('no message quotes a secret of a damaged file', async (t) => {
  writeFileSync(path, '{"auths":{"a":{"auth":"c2VjcmV0OnNlY3JldA=="');
  try {
    await findCredentials('a', '', path);
    t.fail('accepted');
  } catch (error) {
    t.notMatch(String(error), /c2VjcmV0/);
  }
});

function write(document: object): void {
  writeFileSync(path, JSON.stringify(document));
}

function helper(name: string, script: string): void {
  const program = join(folder, `docker-credential-${name}`);
  writeFileSync(program, `#!/bin/sh\n${script}\n`);
  chmodSync(program, 0o755);
}
