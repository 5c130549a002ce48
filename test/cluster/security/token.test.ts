import { createHmac, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { eventually, SharedCoordinator } from './shared-coordinator.ts';

t.setTimeout(300_000);

const shared = await SharedCoordinator.start();
t.teardown(() => shared[Symbol.asyncDispose]());
const { process: coordinator, skip } = shared;
await shared.make('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'robot' } });

t.test('a token is good for its account, its audience and its time', { skip }, async (t) => {
  const { uid } = JSON.parse(
    (await coordinator.asAdmin('GET /api/v1/namespaces/default/serviceaccounts/robot')).text,
  ).metadata;
  const token = (await shared.run('create', 'token', 'robot', '--duration=10m')).trim();
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  t.match(claims, {
    iss: 'https://kubernetes.default.svc.cluster.local',
    sub: 'system:serviceaccount:default:robot',
    'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'robot', uid } },
  });
  t.equal(claims.exp - claims.iat, 600);
  t.match(
    await shared.refusal('create', 'token', 'robot', '--duration=1m'),
    /less than 10 minutes/,
  );
  t.match(await shared.refusal('create', 'token', 'nobody'), /serviceaccounts "nobody" not found/);
  const foreign = (await shared.run('create', 'token', 'robot', '--audience=vault')).trim();
  t.equal((await shared.withToken('GET /api', foreign)).status, 401, 'another audience');
  const review = async (spec: object) => {
    const path = '/apis/authentication.k8s.io/v1/tokenreviews';
    return JSON.parse((await coordinator.asAdmin(`POST ${path}`, JSON.stringify({ spec }))).text)
      .status;
  };
  t.match(await review({ token: foreign, audiences: ['vault'] }), {
    authenticated: true,
    audiences: ['vault'],
    user: { username: 'system:serviceaccount:default:robot', uid },
  });
  t.notOk((await review({ token: foreign })).authenticated);
  t.match(await review({ token: 'x.y.z' }), { error: 'invalid bearer token' });
});

function pack(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

t.test('forged, foreign, huge and outdated tokens are refused', { skip }, async (t) => {
  const good = (await shared.run('create', 'token', 'robot')).trim();
  t.equal((await shared.withToken('GET /api', good)).status, 200);
  const [head = '', body = '', signature = ''] = good.split('.');
  const header = JSON.parse(Buffer.from(head, 'base64url').toString());
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
  const own = createPrivateKey(
    readFileSync(join(coordinator.folder, 'root', 'service-account.pem'), 'utf8'),
  );
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const signed = (key: typeof own, change: object, name: object = header) => {
    const text = `${pack(name)}.${pack({ ...claims, ...change })}`;
    const made = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
    return `${text}.${made.toString('base64url')}`;
  };
  t.equal(
    (await shared.withToken('GET /api', signed(own, { jti: 'x' }))).status,
    200,
    'this test can sign',
  );
  const now = Math.floor(Date.now() / 1000);
  const publicText = JSON.stringify(
    JSON.parse((await coordinator.asAdmin('GET /openid/v1/jwks')).text).keys[0],
  );
  const hashed = `${pack({ ...header, alg: 'HS256' })}.${body}`;
  const hmac = createHmac('sha256', publicText).update(hashed).digest('base64url');
  const bad: Record<string, string> = {
    'alg none': `${pack({ ...header, alg: 'none' })}.${body}.`,
    'alg none, signature kept': `${pack({ ...header, alg: 'none' })}.${body}.${signature}`,
    'the public key as a secret': `${hashed}.${hmac}`,
    'another key': signed(other, {}),
    'another key, its own name': signed(other, {}, { ...header, kid: 'x' }),
    expired: signed(own, { exp: now - 1 }),
    'without an end': signed(own, { exp: undefined }),
    'not yet valid': signed(own, { nbf: now + 3600 }),
    'another issuer': signed(own, { iss: 'https://elsewhere' }),
    'another audience': signed(own, { aud: ['other'] }),
    'no audience': signed(own, { aud: [] }),
    'another subject': signed(own, { sub: 'system:serviceaccount:kube-system:admin' }),
    'another account': signed(own, {
      sub: 'system:serviceaccount:default:..',
      'kubernetes.io': { namespace: 'default', serviceaccount: { name: '..', uid: 'x' } },
    }),
    'another uid': signed(own, {
      'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'robot', uid: 'x' } },
    }),
    'a changed body': `${head}.${pack({ ...claims, sub: 'x' })}.${signature}`,
    'a cut signature': good.slice(0, -4),
    huge: `${head}.${'a'.repeat(20_000)}.${signature}`,
    empty: '',
    dots: '..',
    'no text': '\u00ff\u00fe',
  };
  for (const [what, token] of Object.entries(bad)) {
    const { status } = await shared.withToken('GET /livez', token);
    t.equal(status, 401, what);
  }
  t.equal(
    (await coordinator.request('GET /api', { headers: { Authorization: 'Basic YTpi' } })).status,
    401,
  );
  await shared.make('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'brief' } });
  const brief = (await shared.run('create', 'token', 'brief')).trim();
  t.equal((await shared.withToken('GET /api', brief)).status, 200);
  await shared.run('delete', 'serviceaccount', 'brief');
  const isOver = async () => (await shared.withToken('GET /api', brief)).status === 401;
  t.equal(await eventually(isOver), true, 'a token ends with its account');
});

function secret(id: string, change: object = {}): object {
  return {
    metadata: { name: `bootstrap-token-${id}` },
    type: 'bootstrap.kubernetes.io/token',
    stringData: {
      'token-id': id,
      'token-secret': '0123456789abcdef',
      'usage-bootstrap-authentication': 'true',
      'auth-extra-groups': 'system:bootstrappers:site',
      ...change,
    },
  };
}

t.test('a bootstrap token is good for joining, until its time', async (t) => {
  const path = '/api/v1/namespaces/kube-system/secrets';
  await shared.make(path, secret('abcdef'));
  await shared.make(path, secret('aaaaa1', { expiration: '2020-01-01T00:00:00Z' }));
  await shared.make(path, secret('aaaaa2', { 'usage-bootstrap-authentication': 'false' }));
  await shared.make(path, secret('aaaaa3', { 'auth-extra-groups': 'system:masters' }));
  await shared.make(path, { ...secret('aaaaa4'), type: 'Opaque' });
  const who = await shared.withToken('GET /api/v1/nodes', 'abcdef.0123456789abcdef');
  t.equal(who.status, 403);
  t.match(who.text, 'system:bootstrap:abcdef');
  const list = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
  t.equal((await shared.withToken(`GET ${list}`, 'abcdef.0123456789abcdef')).status, 200);
  for (const token of [
    'abcdef.0123456789abcdee',
    'abcdeg.0123456789abcdef',
    'aaaaa1.0123456789abcdef',
    'aaaaa2.0123456789abcdef',
    'aaaaa3.0123456789abcdef',
    'aaaaa4.0123456789abcdef',
  ]) {
    t.equal((await shared.withToken('GET /api', token)).status, 401, token);
  }
});
