import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { HttpClient } from '../../../../src/api/client/http-client.ts';
import { resources } from '../../../../src/api/client/resources.ts';
import { ApiError } from '../../../../src/api/status.ts';
import { limits } from '../../../../src/base/limits.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A client of a server that answers so. */
async function clientOf(t: Test, answer: Answer, token?: () => string): Promise<HttpClient> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = { server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  const client = new HttpClient({ ...address, ...(token !== undefined && { token }) }, 'tester');
  t.teardown(async () => {
    await client[Symbol.asyncDispose]();
    server.closeAllConnections();
    server.close();
  });
  return client;
}

const web = { namespace: 'default', name: 'web' };

async function failure(call: Promise<unknown>): Promise<unknown> {
  return await call.then(
    () => undefined,
    (error: unknown) => error,
  );
}

t.test('a refusal keeps its reason, its words and its details', async (t) => {
  const details = { name: 'web', kind: 'pods', retryAfterSeconds: 3 };
  const status = { kind: 'Status', reason: 'TooManyRequests', message: 'slower', details };
  const client = await clientOf(t, (_, response) => {
    response.writeHead(429).end(JSON.stringify(status));
  });
  const error = await failure(client.get(resources.pods, web));
  t.ok(error instanceof ApiError);
  t.match(error, { reason: 'TooManyRequests', message: 'slower', details, code: 429 });
});

t.test('what is no Status is a refusal by its code', async (t) => {
  const client = await clientOf(t, (_, response) => {
    response.writeHead(503).end('<h1>upstream is away</h1>');
  });
  t.match(await failure(client.get(resources.pods, web)), {
    reason: 'ServiceUnavailable',
    message: '<h1>upstream is away</h1>',
  });
});

t.test('an answer that is no object is invalid', async (t) => {
  const client = await clientOf(t, (_, response) => void response.end('[1, 2]'));
  t.match(await failure(client.get(resources.pods, web)), {
    kind: 'invalid',
    message: /answered with "\[1, 2\]"/,
  });
});

t.test('a list is read page after page, each item with its kind', async (t) => {
  const asked: string[] = [];
  const client = await clientOf(t, ({ url = '' }, response) => {
    asked.push(url);
    const last = url.includes('continue=more');
    const metadata = last ? { resourceVersion: '7' } : { resourceVersion: '7', continue: 'more' };
    const items = [{ metadata: { name: last ? 'b' : 'a' } }];
    response.end(JSON.stringify({ metadata, items }));
  });
  const { items, resourceVersion } = await client.list(resources.deployments, {
    namespace: 'default',
    labelSelector: 'app in (a, b)',
  });
  t.equal(resourceVersion, '7');
  t.match(items, [
    { kind: 'Deployment', apiVersion: 'apps/v1', metadata: { name: 'a' } },
    { kind: 'Deployment', apiVersion: 'apps/v1', metadata: { name: 'b' } },
  ]);
  const path = '/apis/apps/v1/namespaces/default/deployments';
  t.equal(asked[0], `${path}?labelSelector=app+in+%28a%2C+b%29&limit=500`);
});

t.test('a watch hands out events, bookmarks, and the error that ends it', async (t) => {
  const lines = [
    { type: 'ADDED', object: { metadata: { name: 'web' } } },
    { type: 'BOOKMARK', object: { metadata: { resourceVersion: '9' } } },
    { type: 'ERROR', object: { reason: 'Expired', message: 'too old', code: 410 } },
  ];
  const client = await clientOf(t, (_, response) => {
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    // In pieces that cut lines.
    response.write(text.slice(0, 30));
    setImmediate(() => response.write(text.slice(30)));
  });
  const { signal } = new AbortController();
  const seen: unknown[] = [];
  const read = async () => {
    const events = client.watch(resources.pods, { resourceVersion: '1', signal });
    for await (const batch of events) seen.push(...batch);
  };
  const error = await failure(read());
  t.match(error, { reason: 'Expired', message: 'too old' });
  t.match(seen, [
    { type: 'ADDED', object: { kind: 'Pod', metadata: { name: 'web' } } },
    { type: 'BOOKMARK', resourceVersion: '9' },
  ]);
  t.equal(seen.length, 2);
});

t.test('a watch ends quietly by its signal', async (t) => {
  const client = await clientOf(t, (_, response) => {
    response.write(`${JSON.stringify({ type: 'ADDED', object: { metadata: {} } })}\n`);
  });
  const ending = new AbortController();
  let batches = 0;
  const options = { resourceVersion: '1', signal: ending.signal };
  for await (const batch of client.watch(resources.pods, options)) {
    batches += batch.length;
    ending.abort();
  }
  t.equal(batches, 1);
});

t.test('an event without end is not read to its end', async (t) => {
  const client = await clientOf(t, (_, response) => {
    const part = 'x'.repeat(1 << 20);
    const more = () => {
      while (!response.destroyed && response.write(part));
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  });
  const { signal } = new AbortController();
  const events = client.watch(resources.pods, { resourceVersion: '1', signal });
  const error = await failure(Array.fromAsync(events));
  t.match(error, { kind: 'invalid', message: new RegExp(`${limits.clientEventBytes} bytes`) });
});

t.test('the token is asked for each request', async (t) => {
  const seen: (string | undefined)[] = [];
  let count = 0;
  const client = await clientOf(
    t,
    ({ headers }, response) => {
      seen.push(headers.authorization);
      response.end('{}');
    },
    () => `token${++count}`,
  );
  await client.get(resources.pods, web);
  await client.get(resources.pods, web);
  t.same(seen, ['Bearer token1', 'Bearer token2']);
});

t.test('names in a path are quoted', async (t) => {
  let asked = '';
  const client = await clientOf(t, ({ url = '' }, response) => {
    asked = url;
    response.end('{}');
  });
  await client.get(resources.pods, { namespace: '../x', name: 'a/b?c' });
  t.equal(asked, '/api/v1/namespaces/..%2Fx/pods/a%2Fb%3Fc');
});
