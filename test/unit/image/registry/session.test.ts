import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { isDomainError } from '../../../../src/base/error.ts';
import { endpointsOf } from '../../../../src/image/registry/endpoint.ts';
import { discardBody } from '../../../../src/image/registry/read-body.ts';
import { resolveImage } from '../../../../src/image/registry/resolve.ts';
import type { Session } from '../../../../src/image/registry/session.ts';
import { mediaTypes } from '../../../../src/image/media-type.ts';
import { hostPlatform } from '../../../../src/image/platform.ts';
import { parseReference } from '../../../../src/image/reference.ts';
import { answerJson, FakeRegistry } from './fake-registry.ts';
import { openTestSession, testSettings, type TestSession } from './open-test-session.ts';

const credentials = { username: 'user', password: 'secret-password' };

t.test('a redirect to another host carries no authorization', async (t) => {
  await using registry = await FakeRegistry.start();
  await using elsewhere = await FakeRegistry.start('127.0.0.2');
  registry.intercept = (request, response) => {
    if (request.headers.authorization === undefined) {
      response.setHeader('www-authenticate', 'Basic realm="x"');
      answerJson(response, 401, 'UNAUTHORIZED');
    } else {
      response.writeHead(307, { location: `${elsewhere.url}${request.url}?signed=1` }).end();
    }
    return true;
  };
  elsewhere.addImage('1', []);
  await using test = openTestSession(`${registry.host}/app:1`, { credentials });
  await get(test.session, 'manifests/1');
  t.equal(elsewhere.requests.length, 1);
  t.equal(elsewhere.requests[0]?.authorization, '');
});

t.test('a host that was redirected to gets no credentials even when it asks', async (t) => {
  await using registry = await FakeRegistry.start();
  await using elsewhere = await FakeRegistry.start('127.0.0.2');
  registry.intercept = (_request, response) => {
    response.writeHead(302, { location: `${elsewhere.url}/steal` }).end();
    return true;
  };
  elsewhere.intercept = (_request, response) => {
    response.setHeader('www-authenticate', `Basic realm="x"`);
    answerJson(response, 401, 'UNAUTHORIZED');
    return true;
  };
  await using test = openTestSession(`${registry.host}/app:1`, { credentials });
  await t.rejects(get(test.session, 'manifests/1'), /access denied/);
  t.ok(elsewhere.requests.every(({ authorization }) => authorization === ''));
});

t.test('redirects end: loops, other protocols and users in addresses are refused', async (t) => {
  for (const location of ['/v2/app/manifests/1', 'file:///etc/passwd', 'http://u:p@127.0.0.1/']) {
    await using registry = await FakeRegistry.start();
    registry.intercept = (_request, response) => {
      response.writeHead(302, { location }).end();
      return true;
    };
    await using test = openTestSession(`${registry.host}/app:1`);
    await t.rejects(get(test.session, 'manifests/1'), /redirects/, location);
    t.ok(registry.requests.length <= 7);
  }
});

t.test(
  'mirrors are asked first, under their own path, and without the given secrets',
  async (t) => {
    await using registry = await FakeRegistry.start();
    await using mirror = await FakeRegistry.start();
    mirror.addImage('1', []);
    mirror.intercept = (request, response) => {
      if (request.url?.startsWith('/v2/hub/team/app/')) return false;
      answerJson(response, 404, 'NAME_UNKNOWN');
      return true;
    };
    const registries = { [registry.host]: { mirrors: [`${mirror.url}/hub/`] } };
    const options = { credentials, settings: { registries } };
    await using test = openTestSession(`${registry.host}/team/app:1`, options);
    await get(test.session, 'manifests/1');
    t.equal(registry.requests.length, 0);
    t.ok(mirror.requests.every(({ authorization }) => authorization === ''));
  },
);

t.test('what a mirror lacks or refuses comes from the registry', async (t) => {
  for (const status of [401, 403, 404, 429, 500, 503]) {
    await using registry = await FakeRegistry.start();
    await using mirror = await FakeRegistry.start();
    registry.addImage('1', []);
    mirror.intercept = (_request, response) => {
      answerJson(response, status, 'X');
      return true;
    };
    const registries = { [registry.host]: { mirrors: [mirror.url] } };
    await using test = openTestSession(`${registry.host}/app:1`, { settings: { registries } });
    await get(test.session, 'manifests/1');
    t.equal(registry.requests.length, 1, `${status}`);
  }
});

t.test('a dead mirror costs at most 2 seconds, and only once a pull', async (t) => {
  await using registry = await FakeRegistry.start();
  registry.addImage('1', []);
  await using hole = await openBlackHole();
  const registries = { [registry.host]: { mirrors: [`http://127.0.0.1:${hole.port}`] } };
  await using test = openTestSession(`${registry.host}/app:1`, { settings: { registries } });
  const started = performance.now();
  for (let count = 0; count < 5; count++) await get(test.session, 'manifests/1');
  const tookMs = performance.now() - started;
  t.ok(tookMs > 900 && tookMs < 4500, `${tookMs} ms`);
});

t.test('nobody there, nothing there and not allowed are told apart', async (t) => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as { port: number };
  await new Promise((resolve) => closed.close(resolve));
  await using nobody = openTestSession(`127.0.0.1:${port}/app:1`);
  const unreachable = await failureOf(nobody);
  t.ok(isDomainError(unreachable, 'unavailable'));
  t.match(String(unreachable), /Registry "127.0.0.1:[0-9]+" is unreachable: connection refused/);

  await using registry = await FakeRegistry.start();
  await using missing = openTestSession(`${registry.host}/app:1`);
  const notFound = await failureOf(missing);
  t.ok(isDomainError(notFound, 'notFound'), String(notFound));
  t.match(String(notFound), /"127.0.0.1:[0-9]+\/app:1" is not found/);

  registry.intercept = (_request, response) => {
    answerJson(response, 403, 'DENIED');
    return true;
  };
  await using forbidden = openTestSession(`${registry.host}/app:1`);
  t.ok(isDomainError(await failureOf(forbidden), 'denied'));

  await using nowhere = openTestSession('no-such-host.invalid/app:1');
  t.match(String(await failureOf(nowhere)), /is unreachable: (no such host|the name cannot)/);
});

t.test('an overloaded registry is asked again, and its own words are told', async (t) => {
  await using registry = await FakeRegistry.start();
  registry.addImage('1', []);
  let count = 0;
  registry.intercept = (_request, response) => {
    if (count++ > 0) return false;
    answerJson(response, 503, 'BUSY');
    return true;
  };
  await using test = openTestSession(`${registry.host}/app:1`);
  await get(test.session, 'manifests/1');
  registry.intercept = (_request, response) => {
    response.setHeader('retry-after', '0');
    response.writeHead(429);
    response.end('{"errors":[{"code":"TOOMANYREQUESTS","message":"pull rate\\nlimit"}]}');
    return true;
  };
  const error = await failureOf(test);
  t.ok(isDomainError(error, 'unavailable'));
  t.match(String(error), /no more requests now \(pull rate\?limit\)/);
});

t.test('a server that takes the request and says nothing is given up', async (t) => {
  await using registry = await FakeRegistry.start();
  registry.intercept = () => true;
  await using test = openTestSession(`${registry.host}/app:1`, {
    settings: { stallTimeoutMs: 1000 },
  });
  t.match(String(await failureOf(test)), /no answer to the request/);
});

t.test('a registry on this machine may do without TLS, others may not', (t) => {
  t.same(origins('localhost:5000'), ['https://localhost:5000 true', 'http://localhost:5000 false']);
  t.same(origins('127.1.2.3'), ['https://127.1.2.3 true', 'http://127.1.2.3 false']);
  t.same(origins('[::1]:5000'), ['https://[::1]:5000 true', 'http://[::1]:5000 false']);
  t.same(origins('registry.example'), ['https://registry.example false']);
  t.same(origins('127.0.0.1.example'), ['https://127.0.0.1.example false']);
  t.same(origins('docker.io'), ['https://registry-1.docker.io false']);
  const registries = { 'plain.example': { plainHttp: true }, localhost: { plainHttp: false } };
  const settings = { ...testSettings, registries };
  t.equal(endpointsOf('plain.example', settings)[0]?.origin, 'http://plain.example');
  t.same(
    endpointsOf('localhost', settings).map(({ skipVerify }) => skipVerify),
    [false],
  );
  t.end();
});

t.test('an index leads to the manifest of the platform, each step verified', async (t) => {
  await using registry = await FakeRegistry.start();
  const own = registry.addImage('own', [], {});
  const platform = hostPlatform();
  const manifests = [entry(own.digest, 's390x'), entry(own.digest, platform.architecture)];
  registry.addManifest('1', { mediaType: mediaTypes.ociIndex, manifests }, mediaTypes.ociIndex);
  const resolve = async (name: string): Promise<Awaited<ReturnType<typeof resolveImage>>> => {
    await using test = openTestSession(`${registry.host}/app:${name}`);
    const reference = parseReference(`${registry.host}/app:${name}`);
    return await resolveImage(test.session, { reference, platform, stallTimeoutMs: 1000 });
  };
  if (platform.architecture === 'amd64') {
    const image = await resolve('1');
    t.equal(image.manifestDigest, own.digest);
    t.not(image.digest, own.digest);
  }
  const nothing = [entry(own.digest, 's390x')];
  const document = { mediaType: mediaTypes.ociIndex, manifests: nothing };
  registry.addManifest('2', document, mediaTypes.ociIndex);
  await t.rejects(resolve('2'), /is not there for linux\/.*it is for linux\/s390x/);

  const manifest = registry.manifests.get(own.digest);
  registry.manifests.set(own.digest, { bytes: Buffer.from('{}'), type: manifest?.type ?? '' });
  await t.rejects(resolve('1'), /other bytes than its digest says/);

  registry.addManifest('3', { pad: 'x'.repeat(5 * 1024 * 1024) }, mediaTypes.ociManifest);
  await t.rejects(resolve('3'), /too large/);

  const loop = registry.manifests.get('1');
  t.ok(loop);
  const bytes = Buffer.from('{"mediaType":"x"}');
  registry.manifests.set('4', { bytes, type: 'application/vnd.oci.artifact.manifest.v1+json' });
  await t.rejects(resolve('4'), /artifact/);
});

function origins(domain: string): string[] {
  return endpointsOf(domain, testSettings).map(
    ({ origin, skipVerify }) => `${origin} ${skipVerify}`,
  );
}

function entry(digest: string, architecture: string): object {
  const platform = { os: 'linux', architecture };
  return { mediaType: mediaTypes.ociManifest, digest, size: 1, platform };
}

/** A listener whose queue is full: the kernel answers no more connections, as a dead host would. */
async function openBlackHole(): Promise<AsyncDisposable & { port: number }> {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads');
     const server = require('node:net').createServer();
     server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
       parentPort.postMessage(server.address().port);
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20_000);
     });`,
    { eval: true },
  );
  const port = await new Promise<number>((resolve) => worker.once('message', resolve));
  const fillers = Array.from({ length: 4 }, () => connect(port, '127.0.0.1'));
  for (const filler of fillers) filler.on('error', () => undefined);
  await delay(100);
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const filler of fillers) filler.destroy();
      await worker.terminate();
    },
  };
}

async function get(session: Session, target: string): Promise<void> {
  await discardBody(await session.request({ method: 'GET', target, expect: [200] }));
}

async function failureOf({ session }: TestSession): Promise<unknown> {
  return await get(session, 'manifests/1').then(
    () => undefined,
    (error: unknown) => error,
  );
}
