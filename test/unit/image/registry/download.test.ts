import { randomBytes } from 'node:crypto';
import t from 'tap';
import { isDomainError } from '../../../../src/base/error.ts';
import { blobChunks, readBlob } from '../../../../src/image/registry/download.ts';
import { FakeRegistry } from './fake-registry.ts';
import { asDescriptor, openTestSession, testSettings } from './open-test-session.ts';

const large = randomBytes(4 * 1024 * 1024);

t.test('a download that breaks off goes on where it ended', async (t) => {
  await using registry = await FakeRegistry.start();
  const blob = registry.addBlob(large);
  let broken = 0;
  registry.intercept = (request, response) => {
    if (!request.url?.includes('/blobs/') || broken >= 3) return false;
    broken++;
    const start = Number(/^bytes=([0-9]+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.writeHead(start > 0 ? 206 : 200, { 'content-length': large.length - start });
    response.write(large.subarray(start, start + 1_000_000), () => response.destroy());
    return true;
  };
  await using test = openTestSession(`${registry.host}/app`);
  const bytes = await readBlob(test.session, asDescriptor(blob), 1000);
  t.ok(bytes.equals(large));
  const ranges = registry.requests.map(({ range }) => range);
  t.equal(ranges[0], '');
  t.ok(
    ranges.slice(1).every((range) => /^bytes=[1-9][0-9]*-$/.test(range)),
    ranges.join(' '),
  );
});

t.test('a server without ranges sends all again and no byte is used twice', async (t) => {
  await using registry = await FakeRegistry.start();
  const blob = registry.addBlob(large);
  let broken = false;
  registry.intercept = (_request, response) => {
    response.writeHead(200, { 'content-length': large.length });
    if (broken) response.end(large);
    else response.write(large.subarray(0, 1_500_000), () => response.destroy());
    broken = true;
    return true;
  };
  await using test = openTestSession(`${registry.host}/app`);
  t.ok((await readBlob(test.session, asDescriptor(blob), 1000)).equals(large));
});

t.test('a body that ends early by its own length is resumed', async (t) => {
  await using registry = await FakeRegistry.start();
  const blob = registry.addBlob(large);
  let first = true;
  registry.intercept = (_request, response) => {
    if (!first) return false;
    first = false;
    response.writeHead(200, { 'content-length': 100 });
    response.end(large.subarray(0, 100));
    return true;
  };
  await using test = openTestSession(`${registry.host}/app`);
  t.ok((await readBlob(test.session, asDescriptor(blob), 1000)).equals(large));
});

t.test('a stalled transfer is given up and resumed', async (t) => {
  await using registry = await FakeRegistry.start();
  const blob = registry.addBlob(large);
  let stalls = 0;
  registry.intercept = (request, response) => {
    if (stalls++ > 0) return false;
    response.writeHead(200, { 'content-length': large.length });
    response.write(large.subarray(0, 70_000));
    return request.url !== '';
  };
  await using test = openTestSession(`${registry.host}/app`);
  t.ok((await readBlob(test.session, asDescriptor(blob), 1000)).equals(large));
  t.equal(registry.requests.length, 2);
});

t.test('a server that sends a byte now and then does not hold a pull for ever', async (t) => {
  await using registry = await FakeRegistry.start();
  const blob = registry.addBlob(large);
  const timers: NodeJS.Timeout[] = [];
  registry.intercept = (_request, response) => {
    response.writeHead(200, { 'content-length': large.length });
    timers.push(setInterval(() => response.write('x'), 50));
    return true;
  };
  await using test = openTestSession(`${registry.host}/app`);
  await t.rejects(readBlob(test.session, asDescriptor(blob), 300), /broke off.*too slow/);
  for (const timer of timers) clearInterval(timer);
});

t.test('a blob that is longer than it should be is refused at once', async (t) => {
  await using registry = await FakeRegistry.start();
  const blob = registry.addBlob(large);
  await using test = openTestSession(`${registry.host}/app`);
  const short = { ...asDescriptor(blob), size: 1000 };
  await t.rejects(readBlob(test.session, short, 1000), /longer than the 1000 bytes/);
});

t.test('other bytes than the digest says are refused', async (t) => {
  await using registry = await FakeRegistry.start();
  const blob = registry.addBlob(large);
  registry.blobs.set(blob.digest, Buffer.alloc(large.length, 'x'));
  await using test = openTestSession(`${registry.host}/app`);
  await t.rejects(readBlob(test.session, asDescriptor(blob), 1000), /other bytes than its digest/);
});

t.test('a range that was not asked for is refused', async (t) => {
  await using registry = await FakeRegistry.start();
  const blob = registry.addBlob(large);
  let first = true;
  registry.intercept = (_request, response) => {
    if (first) {
      response.writeHead(200, { 'content-length': large.length });
      response.write(large.subarray(0, 100_000), () => response.destroy());
    } else {
      response.writeHead(206, { 'content-range': `bytes 5-${large.length - 1}/${large.length}` });
      response.end(large.subarray(5));
    }
    first = false;
    return true;
  };
  await using test = openTestSession(`${registry.host}/app`);
  await t.rejects(readBlob(test.session, asDescriptor(blob), 1000), /another range/);
});

t.test('a server that always breaks off is given up with its reason', async (t) => {
  await using registry = await FakeRegistry.start();
  const blob = registry.addBlob(large);
  registry.intercept = (_request, response) => {
    response.writeHead(200, { 'content-length': large.length });
    response.write('x', () => response.destroy());
    return true;
  };
  await using test = openTestSession(`${registry.host}/app`);
  try {
    await readBlob(test.session, asDescriptor(blob), 1000);
    t.fail('accepted');
  } catch (error) {
    t.ok(isDomainError(error, 'unavailable'), String(error));
  }
  t.ok(registry.requests.length <= 7, `${registry.requests.length} requests`);
});

t.test('who stops reading closes the connection', async (t) => {
  await using registry = await FakeRegistry.start();
  const blob = registry.addBlob(randomBytes(32 * 1024 * 1024));
  const closed = Promise.withResolvers<void>();
  registry.intercept = (request) => {
    request.socket.on('close', () => closed.resolve());
    return false;
  };
  await using test = openTestSession(`${registry.host}/app`);
  for await (const _chunk of blobChunks(test.session, asDescriptor(blob), 1000)) break;
  await closed.promise;
  t.pass('closed');
});

t.test('an abort ends a download at once', async (t) => {
  await using registry = await FakeRegistry.start();
  const blob = registry.addBlob(large);
  registry.intercept = (_request, response) => {
    response.writeHead(200, { 'content-length': large.length });
    response.write('x');
    return true;
  };
  const signal = AbortSignal.timeout(100);
  await using test = openTestSession(`${registry.host}/app`, { signal });
  const started = performance.now();
  await t.rejects(readBlob(test.session, asDescriptor(blob), 30_000), { name: 'TimeoutError' });
  t.ok(performance.now() - started < 15_000);
});

t.test('a mirror that breaks off is left for the registry, in the middle of a blob', async (t) => {
  await using registry = await FakeRegistry.start();
  await using mirror = await FakeRegistry.start();
  const blob = registry.addBlob(large);
  mirror.intercept = (_request, response) => {
    response.writeHead(200, { 'content-length': large.length });
    response.write(large.subarray(0, 1_200_000), () => response.destroy());
    return true;
  };
  const registries = { [registry.host]: { mirrors: [mirror.url] } };
  const settings = { ...testSettings, registries };
  await using test = openTestSession(`${registry.host}/app`, { settings });
  t.ok((await readBlob(test.session, asDescriptor(blob), 1000)).equals(large));
  t.equal(mirror.requests.length, 1);
  t.match(registry.requests.at(-1)?.range, /^bytes=[1-9]/);
});

t.test('wrong bytes of a mirror are replaced by the right ones of the registry', async (t) => {
  await using registry = await FakeRegistry.start();
  await using mirror = await FakeRegistry.start();
  const blob = registry.addBlob(large);
  mirror.blobs.set(blob.digest, Buffer.alloc(large.length, 'x'));
  const registries = { [registry.host]: { mirrors: [mirror.url] } };
  await using test = openTestSession(`${registry.host}/app`, { settings: { registries } });
  t.ok((await readBlob(test.session, asDescriptor(blob), 1000)).equals(large));
});
