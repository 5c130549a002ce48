import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import t from 'tap';
import { DomainError } from '../../../../src/base/error.ts';
import { limits } from '../../../../src/base/limits.ts';
import { openLog } from '../../../../src/base/log.ts';
import { ClientBounds } from '../../../../src/network/dns/client-bounds.ts';
import { encodeName, readName } from '../../../../src/network/dns/name.ts';
import { HostNameServers, parseNameServers } from '../../../../src/network/dns/name-servers.ts';
import { Resolver } from '../../../../src/network/dns/resolver.ts';
import { serveConnections } from '../../../../src/network/dns/serve-connections.ts';
import { freePort } from '../free-port.ts';
import { cluster } from './cluster.ts';
import { packet, words } from './packet.ts';

const log = openLog('dns-bounds').child({}, { level: 'silent' });

t.test('a client has so many questions a second and at once; others have theirs', async (t) => {
  let now = 0;
  const bounds = new ClientBounds(() => now);
  for (let i = 0; i < limits.dnsClientQuestions; i++) t.ok(bounds.enter('10.0.0.1'));
  t.notOk(bounds.enter('10.0.0.1'), 'too many at once');
  t.ok(bounds.enter('10.0.0.2'));
  bounds.leave('10.0.0.1');
  t.ok(bounds.enter('10.0.0.1'));
  let given = 0;
  for (let i = 0; i < 2 * limits.dnsClientRate; i++) {
    if (!bounds.enter('10.0.0.3')) continue;
    given += 1;
    bounds.leave('10.0.0.3');
  }
  t.equal(given, limits.dnsClientRate);
  now = 100;
  t.ok(bounds.enter('10.0.0.3'), 'a tenth of a second later');
});

t.test('clients that are kept apart are bounded, and idle ones forgotten', async (t) => {
  let now = 0;
  const bounds = new ClientBounds(() => now);
  for (let i = 0; i < limits.dnsClients; i++) {
    bounds.enter(`10.1.${i >> 8}.${i & 255}`);
    bounds.leave(`10.1.${i >> 8}.${i & 255}`);
  }
  t.notOk(bounds.enter('10.0.0.1'));
  now = 2000;
  t.ok(bounds.enter('10.0.0.1'));
});

t.test('names are read and written within their bounds', async (t) => {
  const long = Array.from({ length: 4 }, () => 'a'.repeat(61)).join('.');
  const name = `${long}.abcd`;
  t.equal(readName(encodeName(name), 0).name, name);
  t.throws(() => encodeName(`${name}${'b'.repeat(5)}`), DomainError);
  t.throws(() => encodeName('a'.repeat(64)), DomainError);
  t.throws(() => encodeName('a..b'), DomainError);
  t.same(encodeName(''), Buffer.from([0]));
  const odd = Buffer.from([4, 0x61, 0x2e, 0x5c, 0xff, 0]);
  t.equal(readName(odd, 0).name, 'a\\046\\092\\255', 'a dot in a label parts nothing');
  const bad = [[0x40], [0x80, 0], [0xc0], [0xc0, 0], [3, 0x61], [1, 0x61, 0xc0, 2], []];
  for (const bytes of bad) {
    t.throws(() => readName(Buffer.from(bytes), 0), DomainError, bytes.join(' '));
  }
  const chain = Buffer.concat([Buffer.from([0]), ...Array.from({ length: 200 }, chained)]);
  t.equal(readName(chain, chain.length - 2).name, '', 'pointers lead backwards, and end');
});

/** A pointer to the one before. */
function chained(_: unknown, i: number): Buffer {
  return words(0xc000 | (i === 0 ? 0 : 2 * i - 1));
}

t.test('a resolv.conf tells up to three servers', async (t) => {
  const text = `# nameserver 192.0.2.9
nameserver 192.0.2.1
 nameserver\t2001:db8::1 # comment
nameserver 192.0.2.1
nameserver nonsense
search example.com
nameserver 192.0.2.2
nameserver 192.0.2.3`;
  t.same(
    parseNameServers(text).map(({ address }) => address),
    ['192.0.2.1', '2001:db8::1', '192.0.2.2'],
  );
});

t.test("the host's servers are looked for again when its files change", async (t) => {
  const folder = t.testdir({ stub: '', full: '' });
  const files = [`${folder}/resolv.conf`, `${folder}/full`];
  const [first = '', second = ''] = files;
  let nowMs = 0;
  const host = new HostNameServers(['10.96.0.10'], files, () => nowMs);
  const asked = (): string[] => {
    nowMs += 1000;
    return host.now().map(({ address }) => address);
  };
  t.same(asked(), [], 'the network is not there yet');
  writeFileSync(first, 'nameserver 192.0.2.1\n');
  t.same(host.now(), [], 'not looked at with each question');
  t.same(asked(), ['192.0.2.1']);
  writeFileSync(first, 'nameserver 10.96.0.10\nnameserver 192.0.2.2\n');
  t.same(asked(), ['192.0.2.2'], 'never our own');
  writeFileSync(first, '');
  t.same(asked(), ['192.0.2.2'], 'as before while it is written');
  writeFileSync(first, 'nameserver 127.0.0.53\n');
  writeFileSync(second, 'nameserver 192.0.2.3\n');
  t.same(asked(), ['192.0.2.3'], 'those behind the stub of systemd-resolved');
});

t.test('over TCP questions are answered in order, in whatever pieces they come', async (t) => {
  const port = await freePort();
  const { signal } = new AbortController();
  const { zone } = cluster();
  const sources = { zone, resolver: new Resolver(() => [], signal), log };
  const address = '127.0.0.1';
  using _server = await serveConnections({ address, port }, sources, new ClientBounds());
  const socket = connect(port, address);
  const all = Buffer.concat([query(1), query(2), query(3)]);
  socket.write(all.subarray(0, 1));
  socket.write(all.subarray(1, 50));
  socket.write(all.subarray(50));
  t.same(await idsOf(socket, 3), [1, 2, 3]);
  socket.write(words(2, 0xffff));
  await once(socket, 'close');

  const many = Array.from({ length: limits.dnsClientConnections + 1 }, () =>
    connect(port, address),
  );
  const ended = await Promise.race(many.map(async (one) => once(one.resume(), 'close')));
  t.ok(ended, 'one client has so many connections');
  for (const one of many) one.destroy();
});

function query(id: number): Buffer {
  const message = packet({ id });
  return Buffer.concat([words(message.length), message]);
}

async function idsOf(socket: Socket, count: number): Promise<number[]> {
  let received = Buffer.alloc(0);
  const ids: number[] = [];
  while (ids.length < count) {
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    received = Buffer.concat([received, bytes]);
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      ids.push(received.readUInt16BE(2));
      received = received.subarray(2 + received.readUInt16BE(0));
    }
  }
  return ids;
}
