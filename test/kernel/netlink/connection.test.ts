import { once } from 'node:events';
import { closeSync, openSync, readdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { isDomainError, isKernelError, netlink } from '../../../src/index.ts';
import { skip, TestNamespace } from './namespace.ts';

const { link, address, route } = netlink;

async function withLinkUp(space: TestNamespace): Promise<netlink.Connection> {
  const connection = await netlink.open({ namespace: space.path });
  await link.create(connection, { kind: 'veth', name: 'eth0', up: true, peer: { name: 'p0' } });
  await link.setUp(connection, 'p0');
  await address.add(connection, { device: 'eth0', address: '10.0.0.2/24' });
  return connection;
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

function manyRoutes(count: number, device: number): netlink.Request[] {
  return Array.from({ length: count }, (_, i) =>
    route.addRequest({ to: `10.${1 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}/32`, device }),
  );
}

t.setTimeout(110_000);

t.test('connections', { skip }, async (t) => {
  t.test('a batch of 5,000 tells the refused ones by index and keeps the others', async (t) => {
    using space = new TestNamespace();
    using connection = await withLinkUp(space);
    const requests = manyRoutes(5000, await link.indexOf(connection, 'eth0'));
    const wrong = route.addRequest({ to: '10.99.0.0/16', via: '198.51.100.1' });
    requests.splice(7, 1, wrong);
    requests.splice(4321, 1, wrong);
    const failures = await connection.batch(requests);
    t.same(
      failures.map(({ index }) => index),
      [7, 4321],
    );
    t.ok(failures.every(({ error }) => isKernelError(error, 'ENETUNREACH')));
    t.equal((await route.list(connection, { protocol: 'boot' })).length, 4998);
    t.same(await connection.batch([]), []);
    const again = await connection.batch(requests);
    t.equal(again.length, 5000, 'each of them is refused and told');
  });

  t.test('a dump longer than one receive buffer is whole', async (t) => {
    using space = new TestNamespace();
    using connection = await withLinkUp(space);
    const index = await link.indexOf(connection, 'eth0');
    t.same(await connection.batch(manyRoutes(20_000, index)), []);
    const routes = await route.list(connection, { protocol: 'boot' });
    t.equal(routes.length, 20_000);
    t.equal(new Set(routes.map(({ to }) => to)).size, 20_000);
  });

  t.test('requests made at once are answered in order, mixed slow and quick', async (t) => {
    using space = new TestNamespace();
    using connection = await withLinkUp(space);
    const answers = await Promise.all([
      link.create(connection, { kind: 'ifb', name: 'a' }),
      link.remove(connection, 'a'),
      link.find(connection, 'a'),
      link.create(connection, { kind: 'ifb', name: 'a' }),
      link.find(connection, 'a'),
    ]);
    t.match(answers, [undefined, true, undefined, undefined, { name: 'a' }]);
  });

  t.test('10,000 pipelined requests are answered or refused, never lost', async (t) => {
    using space = new TestNamespace();
    using connection = await withLinkUp(space);
    const slow = link.setDown(connection, 'p0');
    const gets = Array.from({ length: 10_500 }, async () => link.get(connection, 'eth0'));
    const outcomes = await Promise.allSettled(gets);
    await slow;
    const answered = outcomes.filter(({ status }) => status === 'fulfilled');
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    t.equal(answered.length + refused.length, 10_500);
    t.ok(refused.every(({ reason }) => isDomainError(reason, 'unavailable')));
    t.ok(answered.length >= 10_000);
  });

  t.test('a loop of awaited requests lets timers run', async (t) => {
    using space = new TestNamespace();
    using connection = await withLinkUp(space);
    let fired = 0;
    const timer = setInterval(() => fired++, 1);
    for (let i = 0; i < 3000; i++) await link.get(connection, 'lo');
    clearInterval(timer);
    t.ok(fired > 0, 'a timer fired in the middle');
  });

  t.test('a dump that keeps changing is repeated until it is one picture', async (t) => {
    using space = new TestNamespace();
    using connection = await withLinkUp(space);
    using changer = await netlink.open({ namespace: space.path });
    const device = await link.indexOf(connection, 'eth0');
    const addresses = Array.from({ length: 8000 }, (_, i) =>
      address.addRequest({ device, address: `10.77.${i >> 8}.${i & 255}/32` }),
    );
    t.same(await connection.batch(addresses), []);
    const other = { device, address: '10.88.0.1/32' };
    let changes = 0;
    const change = async (): Promise<void> => {
      await (changes++ % 2 === 0 ? address.add(changer, other) : address.remove(changer, other));
    };
    const changing = setInterval(() => void change(), 0);
    const stop = setTimeout(() => clearInterval(changing), 60);
    const listed = await address.list(connection, { family: 'ipv4' });
    clearInterval(changing);
    clearTimeout(stop);
    const distinct = new Set(listed.map((one) => one.address));
    t.equal(distinct.size, listed.length, 'nothing is listed twice');
    t.ok(listed.length >= 8001 && listed.length <= 8002, `${listed.length} listed`);
    t.ok(changes > 0);
  });

  t.test('a namespace may be given as a descriptor, closed at once after', async (t) => {
    using space = new TestNamespace();
    space.ip('link', 'add', 'only-here', 'type', 'ifb');
    const fd = openSync(space.path, 'r');
    const opening = netlink.open({ namespace: fd });
    closeSync(fd);
    using connection = await opening;
    t.equal((await link.get(connection, 'only-here')).name, 'only-here');
  });

  t.test('a thousand connections leave no descriptor behind', async (t) => {
    using space = new TestNamespace();
    const before = descriptors();
    for (let i = 0; i < 1000; i++) {
      using connection = await netlink.open({ namespace: space.path });
      if (i % 100 === 0) await link.get(connection, 'lo');
      if (i % 100 === 50) (await netlink.subscribe(['link'], { namespace: space.path })).close();
    }
    await delay(50);
    t.ok(descriptors() <= before + 1, `${descriptors()} descriptors, ${before} before`);
  });

  t.test('a socket stays in its namespace when the path is gone', async (t) => {
    let connection: netlink.Connection;
    {
      using space = new TestNamespace();
      connection = await withLinkUp(space);
    }
    using _connection = connection;
    t.equal((await link.get(connection, 'eth0')).name, 'eth0');
  });
});

t.test('subscriptions', { skip }, async (t) => {
  t.test('changes come as events in order', async (t) => {
    using space = new TestNamespace();
    await using events = await netlink.subscribe(['link', 'address', 'route'], {
      namespace: space.path,
    });
    space.ip('link', 'add', 'a0', 'type', 'ifb');
    space.ip('address', 'add', '10.1.1.1/24', 'dev', 'a0');
    space.ip('link', 'delete', 'a0');
    const seen: string[] = [];
    for await (const event of events) {
      if (event.kind === 'link') seen.push(`${event.kind} ${event.action} ${event.link.name}`);
      if (event.kind === 'address') {
        seen.push(`${event.kind} ${event.action} ${event.address.address}`);
      }
      if (event.kind === 'link' && event.action === 'removed') break;
    }
    t.match(seen, ['link new a0', 'address new 10.1.1.1/24']);
    t.equal(seen.at(-1), 'link removed a0');
    t.ok(seen.includes('address removed 10.1.1.1/24'));
  });

  t.test('an overrun becomes a resync event and the next changes come again', async (t) => {
    using space = new TestNamespace();
    using connection = await withLinkUp(space);
    const options = { namespace: space.path, receiveBytes: 16 * 1024 };
    await using events = await netlink.subscribe(['route'], options);
    const requests = manyRoutes(2000, await link.indexOf(connection, 'eth0'));
    t.same(await connection.batch(requests), []);
    let received = 0;
    let resyncs = 0;
    await route.add(connection, { to: '10.200.0.0/16', device: 'eth0' });
    const first = await events.next();
    if (first.value?.kind === 'resync') resyncs++;
    const marker = delay(50).then(() =>
      route.add(connection, { to: '10.201.0.0/16', device: 'eth0' }),
    );
    for await (const event of events) {
      received++;
      if (event.kind === 'resync') resyncs++;
      if (event.kind === 'route' && event.route.to === '10.201.0.0/16') break;
    }
    await marker;
    t.ok(resyncs >= 1, 'the loss is told');
    t.ok(received < 2000, 'and there was one');
  });

  t.test('rules and neighbours come as events too', async (t) => {
    using space = new TestNamespace();
    using connection = await withLinkUp(space);
    const namespace = space.path;
    await using events = await netlink.subscribe(['rule', 'neighbour'], { namespace });
    await netlink.rule.add(connection, { from: '10.5.0.0/16', table: 77 });
    await netlink.neighbour.add(connection, {
      device: 'eth0',
      address: '10.0.0.99',
      linkAddress: '02:00:00:00:00:99',
    });
    const seen: string[] = [];
    for await (const event of events) {
      if (event.kind === 'rule') seen.push(`rule ${event.rule.from}`);
      if (event.kind === 'neighbour' && event.neighbour.address === '10.0.0.99') {
        seen.push(`neighbour ${event.neighbour.linkAddress}`);
        break;
      }
    }
    t.same(seen, ['rule 10.5.0.0/16', 'neighbour 02:00:00:00:00:99']);
  });

  t.test('a worker that ends in the middle of everything harms nobody', async (t) => {
    using space = new TestNamespace();
    const index = new URL('../../../src/index.ts', import.meta.url).href;
    const program = `
      import { parentPort, workerData } from 'node:worker_threads';
      import { netlink } from ${JSON.stringify(index)};
      const namespace = workerData;
      const connection = await netlink.open({ namespace });
      const events = await netlink.subscribe(['link'], { namespace });
      void events.next();
      await netlink.link.create(connection, { kind: 'ifb', name: 'ifb5' });
      void netlink.link.remove(connection, 'ifb5');
      parentPort.postMessage('busy');`;
    for (let round = 0; round < 3; round++) {
      const url = new URL(`data:text/javascript,${encodeURIComponent(program)}`);
      const worker = new Worker(url, { workerData: space.path });
      await once(worker, 'message');
      await worker.terminate();
      using connection = await netlink.open({ namespace: space.path });
      await link.remove(connection, 'ifb5');
      t.equal((await link.get(connection, 'lo')).name, 'lo');
    }
  });

  t.test('a waiting consumer ends when the subscription is closed', async (t) => {
    using space = new TestNamespace();
    const events = await netlink.subscribe(['link'], { namespace: space.path });
    const next = events.next();
    await t.rejects(events.next(), /one consumer/);
    events.close();
    events.close();
    t.same(await next, { value: undefined, done: true });
    t.same(await events.next(), { value: undefined, done: true });
  });
});
