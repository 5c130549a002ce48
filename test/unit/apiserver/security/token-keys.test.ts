import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { JsonObject } from '../../../../src/api/json.ts';
import {
  openTokenKeys,
  TokenKeys,
} from '../../../../src/apiserver/security/authenticate/json-web-token.ts';

function pem(type: 'ec' | 'rsa'): string {
  const { privateKey } =
    type === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

t.test('a new key signs, and tokens of the old one are believed while it is there', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-keys-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'keys.pem');
  const before = await openTokenKeys(path);
  const old = before.sign({ sub: 'old' });
  const oldPem = readFileSync(path, 'utf8');
  writeFileSync(path, pem('rsa') + oldPem);
  const both = await openTokenKeys(path);
  t.same(both.verify(old), { sub: 'old' });
  const made = both.sign({ sub: 'new' });
  t.same(both.verify(made), { sub: 'new' });
  const header = JSON.parse(Buffer.from(made.split('.')[0] ?? '', 'base64url').toString());
  t.equal(header.alg, 'RS256', 'RSA keys are taken too');
  t.equal(before.verify(made), undefined);
  t.equal((both.webKeys['keys'] as JsonObject[]).length, 2);
  t.notMatch(JSON.stringify(both.webKeys), /"(d|p|q)":/, 'no secret part is told');
  for (const text of [
    '',
    'nonsense',
    '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n',
  ]) {
    writeFileSync(path, text);
    await t.rejects(openTokenKeys(path), { message: /private key|damaged/ });
  }
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
  t.throws(() => new TokenKeys([p384]), { message: /RSA or of the curve P-256/ });
});

t.test('a token with any letter changed is no token', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-keys-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const keys = await openTokenKeys(join(folder, 'keys.pem'));
  const claims = { sub: 'system:serviceaccount:default:robot', exp: 1 };
  const token = keys.sign(claims);
  for (let at = 0; at < token.length; at += 1) {
    const letter = token[at] === 'A' ? 'Q' : 'A';
    const changed = token.slice(0, at) + letter + token.slice(at + 1);
    const verified = keys.verify(changed);
    // The last letter of a part has bits that no byte has.
    if (verified !== undefined) t.same(verified, claims, `at ${at}`);
  }
  for (let length = 0; length < token.length - 2; length += 1) {
    t.equal(keys.verify(token.slice(0, length)), undefined);
  }
  for (const text of ['..', 'a.b.c', `${token}.x`, ` ${token}`, token.replace('.', ' ')]) {
    t.equal(keys.verify(text), undefined, JSON.stringify(text));
  }
});
