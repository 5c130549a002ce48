import type { IncomingMessage, ServerResponse } from 'node:http';
import t from 'tap';
import { isDomainError } from '../../../../src/base/error.ts';
import { parseChallenges } from '../../../../src/image/registry/challenge.ts';
import { discardBody } from '../../../../src/image/registry/read-body.ts';
import type { Session } from '../../../../src/image/registry/session.ts';
import { answerJson, FakeRegistry, type Intercept } from './fake-registry.ts';
import { openTestSession } from './open-test-session.ts';

const credentials = { username: 'user', password: 'secret-password' };
const basic = `Basic ${Buffer.from('user:secret-password').toString('base64')}`;

t.test('challenges are read as RFC 9110 writes them', (t) => {
  const [first, second] = parseChallenges(
    'Bearer realm="https://auth.example/token?x=\\"1\\"", service=registry , Basic realm="a, b"',
  );
  t.equal(first?.scheme, 'bearer');
  t.equal(first?.parameters['realm'], 'https://auth.example/token?x="1"');
  t.equal(first?.parameters['service'], 'registry');
  t.equal(second?.parameters['realm'], 'a, b');
  t.same(parseChallenges(''), []);
  t.same(parseChallenges('"'), []);
  t.equal(parseChallenges('Negotiate, Basic realm=x').length, 2);
  const start = performance.now();
  parseChallenges(`Bearer realm="${'\\"'.repeat(1e6)}`);
  parseChallenges(`Bearer ${'a='.repeat(1e6)}`);
  t.ok(performance.now() - start < 15_000, 'no header takes long');
  t.end();
});

t.test('basic authentication is sent only after it was asked for', async (t) => {
  await using registry = await FakeRegistry.start();
  registry.addImage('1', []);
  registry.intercept = withBasic();
  await using test = openTestSession(`${registry.host}/app:1`, { credentials });
  await getManifest(test.session);
  await getManifest(test.session);
  const sent = registry.requests.map(({ authorization }) => authorization);
  t.same(sent, ['', basic, basic]);
});

t.test(
  'wrong or missing credentials are denied without a loop and without the secret',
  async (t) => {
    await using registry = await FakeRegistry.start();
    registry.intercept = (request, response) => {
      response.setHeader('www-authenticate', 'Basic realm="x"');
      const said = `you said ${request.headers.authorization ?? ''} secret-password`;
      response.writeHead(401, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: said }] }));
      return true;
    };
    for (const given of [{ credentials }, {}]) {
      registry.requests.length = 0;
      await using test = openTestSession(`${registry.host}/app:1`, given);
      const error = await failureOf(getManifest(test.session));
      t.ok(isDomainError(error, 'denied'), String(error));
      t.match(String(error), /pull access denied.*does not exist or may require authorization/);
      t.notMatch(String(error), /secret-password/);
      t.ok(registry.requests.length <= 3, `${registry.requests.length} requests`);
    }
  },
);

t.test('a bearer token is fetched once and used for all', async (t) => {
  await using registry = await FakeRegistry.start();
  registry.addImage('1', []);
  const tokens = withBearer(registry);
  await using test = openTestSession(`${registry.host}/team/app:1`, { credentials });
  for (let count = 0; count < 3; count++) await getManifest(test.session);
  t.equal(tokens.length, 1);
  const query = new URL(tokens[0]?.url ?? '', registry.url).searchParams;
  t.equal(query.get('scope'), 'repository:team/app:pull');
  t.equal(query.get('service'), 'test');
  t.equal(query.get('account'), 'user');
  t.equal(tokens[0]?.headers.authorization, basic);
});

t.test('a public image needs no credentials for its token', async (t) => {
  await using registry = await FakeRegistry.start();
  registry.addImage('1', []);
  const tokens = withBearer(registry);
  await using test = openTestSession(`${registry.host}/app:1`);
  await getManifest(test.session);
  t.equal(tokens[0]?.headers.authorization, undefined);
});

t.test('a token that the registry no longer takes is replaced once', async (t) => {
  await using registry = await FakeRegistry.start();
  registry.addImage('1', []);
  const tokens = withBearer(registry, { isValid: (token, issued) => token === `token-${issued}` });
  await using test = openTestSession(`${registry.host}/app:1`);
  await getManifest(test.session);
  tokens.push(tokens[0] as IncomingMessage);
  await getManifest(test.session);
  t.equal(tokens.length, 3);
});

t.test('a registry that refuses every token is denied, not asked for ever', async (t) => {
  await using registry = await FakeRegistry.start();
  withBearer(registry, { isValid: () => false });
  await using test = openTestSession(`${registry.host}/app:1`, { credentials });
  t.ok(isDomainError(await failureOf(getManifest(test.session)), 'denied'));
  t.ok(registry.requests.length <= 6, `${registry.requests.length} requests`);
});

t.test('an identity token is exchanged by POST', async (t) => {
  await using registry = await FakeRegistry.start();
  registry.addImage('1', []);
  const tokens = withBearer(registry);
  const identity = { credentials: { username: 'user', identityToken: 'long-identity' } };
  await using test = openTestSession(`${registry.host}/app:1`, identity);
  await getManifest(test.session);
  t.equal(tokens[0]?.method, 'POST');
  const form = new URLSearchParams(await bodyOf(tokens[0]));
  t.equal(form.get('grant_type'), 'refresh_token');
  t.equal(form.get('refresh_token'), 'long-identity');
  t.equal(form.get('scope'), 'repository:app:pull');
});

t.test('a token server without GET gets the password by POST', async (t) => {
  await using registry = await FakeRegistry.start();
  registry.addImage('1', []);
  const tokens = withBearer(registry, { postOnly: true });
  await using test = openTestSession(`${registry.host}/app:1`, { credentials });
  await getManifest(test.session);
  t.same(
    tokens.map(({ method }) => method),
    ['GET', 'POST'],
  );
  const form = new URLSearchParams(await bodyOf(tokens[1]));
  t.equal(form.get('grant_type'), 'password');
  t.equal(form.get('password'), 'secret-password');
});

t.test('a ready token is sent as it is', async (t) => {
  await using registry = await FakeRegistry.start();
  registry.addImage('1', []);
  withBearer(registry, { isValid: (token) => token === 'ready' });
  const given = { credentials: { registryToken: 'ready' } };
  await using test = openTestSession(`${registry.host}/app:1`, given);
  await getManifest(test.session);
  t.equal(registry.requestsFor('/token'), 0);
});

t.test('garbage from a token server is one clear error', async (t) => {
  const answers = [
    'not json',
    '[]',
    '{}',
    '{"token":5}',
    '{"token":"a\\r\\nx-evil: 1"}',
    `{"token":"${'a'.repeat(40_000)}"}`,
    ' '.repeat(300_000),
  ];
  for (const answer of answers) {
    await using registry = await FakeRegistry.start();
    withBearer(registry, { answer });
    await using test = openTestSession(`${registry.host}/app:1`);
    const error = await failureOf(getManifest(test.session));
    t.ok(isDomainError(error, 'invalid'), `${String(error)} for ${answer.slice(0, 30)}`);
  }
});

t.test('a token server in the clear gets no password from a registry with TLS', async (t) => {
  const { fetchToken } = await import('../../../../src/image/registry/token.ts');
  await using test = openTestSession('host.example/app');
  const request = {
    realm: 'http://auth.example/token',
    service: '',
    scopes: [],
    credentials,
    endpoint: {
      origin: 'https://127.0.0.1:5000',
      host: '127.0.0.1:5000',
      pathPrefix: '',
      isMirror: false,
      dialTimeoutMs: 1000,
      skipVerify: true,
    },
    subject: { name: 'app', action: 'pull' as const },
  };
  await t.rejects(fetchToken(test.transport, request), /does not use TLS/);
  for (const realm of ['', 'token', 'file:///etc/passwd', 'https://user:x@auth.example/']) {
    await t.rejects(fetchToken(test.transport, { ...request, realm }), /not an http\(s\) URL/);
  }
});

async function getManifest(session: Session): Promise<void> {
  await discardBody(await session.request({ method: 'GET', target: 'manifests/1', expect: [200] }));
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

function withBasic(): Intercept {
  return (request, response) => {
    if (request.headers.authorization === basic) return false;
    response.setHeader('www-authenticate', 'Basic realm="registry"');
    answerJson(response, 401, 'UNAUTHORIZED');
    return true;
  };
}

interface BearerOptions {
  readonly isValid?: (token: string, issued: number) => boolean;
  readonly postOnly?: boolean;
  readonly answer?: string;
}

const bodies = new WeakMap<IncomingMessage, Promise<string>>();

/** Makes a registry ask for tokens of its own token server; returns the requests to that. */
function withBearer(registry: FakeRegistry, options: BearerOptions = {}): IncomingMessage[] {
  const requests: IncomingMessage[] = [];
  const isValid = options.isValid ?? ((token) => token.startsWith('token-'));
  const answerToken = (request: IncomingMessage, response: ServerResponse): void => {
    bodies.set(request, readAll(request));
    requests.push(request);
    if (options.postOnly === true && request.method === 'GET') return answerJson(response, 405, '');
    const usual = JSON.stringify({ token: `token-${requests.length}`, expires_in: 300 });
    response.end(options.answer ?? usual);
  };
  registry.intercept = (request, response) => {
    if (request.url?.startsWith('/token')) {
      answerToken(request, response);
      return true;
    }
    const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
    if (isValid(token, requests.length)) return false;
    const challenge = `Bearer realm="${registry.url}/token",service="test"`;
    response.setHeader('www-authenticate', challenge);
    answerJson(response, 401, 'UNAUTHORIZED');
    return true;
  };
  return requests;
}

async function readAll(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

async function bodyOf(request: IncomingMessage | undefined): Promise<string> {
  return request === undefined ? '' : ((await bodies.get(request)) ?? '');
}
