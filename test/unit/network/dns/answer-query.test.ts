import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import t from 'tap';
import { limits } from '../../../../src/base/limits.ts';
import { openLog } from '../../../../src/base/log.ts';
import { answerQuery } from '../../../../src/network/dns/answer-query.ts';
import type { Upstream } from '../../../../src/network/dns/ask-upstream.ts';
import { udpBytes } from '../../../../src/network/dns/encode-answer.ts';
import { readRecords } from '../../../../src/network/dns/message.ts';
import { type Pace, Resolver } from '../../../../src/network/dns/resolver.ts';
import { RecordStore } from '../../../../src/network/dns/record-store.ts';
import { recordOf } from '../../../../src/network/dns/service-record.ts';
import { Zone } from '../../../../src/network/dns/zone.ts';
import { freePort } from '../free-port.ts';
import { service, slice } from '../services/objects.ts';
import { cluster } from './cluster.ts';
import { packet, record, reply, words } from './packet.ts';

t.setTimeout(300_000);

const log = openLog('dns-test').child({}, { level: 'silent' });
const { signal } = new AbortController();
const example = 'example.com';
const four = (last: number): Buffer => record(1, 60, Buffer.from([192, 0, 2, last]));

/** A server that answers with what the function makes of each query. */
async function upstream(
  t: { teardown(undo: () => void): void },
  answer: (query: Buffer, socket: Socket, port: number) => Buffer | undefined,
): Promise<Upstream & { asked: number }> {
  const socket = createSocket('udp4');
  const state = { address: '127.0.0.1', port: 0, asked: 0 };
  socket.on('message', (query, { port }) => {
    state.asked += 1;
    const bytes = answer(query, socket, port);
    if (bytes !== undefined) socket.send(bytes, port, '127.0.0.1');
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  state.port = socket.address().port;
  t.teardown(() => void socket.close());
  return state;
}

/** Servers have a minute, which no machine takes; a test that waits for their silence says so. */
function asking(upstreams: readonly Upstream[], zone = cluster().zone, pace: Pace = {}) {
  const resolver = new Resolver(() => upstreams, signal, { answerMs: 60_000, ...pace });
  return async (query: Buffer): Promise<Buffer> => {
    const answer = await answerQuery(query, udpBytes, { zone, resolver, log });
    return answer ?? Buffer.alloc(0);
  };
}

function codeOf(answer: Buffer): number {
  return answer.readUInt16BE(2) & 15;
}

/** Data of the records in the answer section. */
function dataOf(answer: Buffer): string[] {
  const found = readRecords(answer).filter(({ section }) => section === 'answer');
  return found.map(({ type, dataAt, end }) =>
    type === 1 ? answer.subarray(dataAt, end).join('.') : `type ${type}`,
  );
}

t.test('a query gets its number, question and flags back', async (t) => {
  const query = packet({ id: 0xabcd, name: 'wEb.Default.svc.Cluster.LOCAL' });
  const answer = await asking([])(query);
  t.equal(answer.readUInt16BE(0), 0xabcd);
  t.equal(answer.readUInt16BE(2), 0x8580);
  t.same(answer.subarray(12, query.length), query.subarray(12));
  t.same(dataOf(answer), ['10.96.0.1']);
});

t.test('what cannot be a query is refused by its kind, or not at all', async (t) => {
  const ask = asking([]);
  t.equal((await ask(Buffer.alloc(11))).length, 0);
  t.equal((await ask(packet({ flags: 0x8100 }))).length, 0, 'an answer');
  t.equal(codeOf(await ask(packet({ flags: 0x2900 }))), 4, 'another operation');
  const loop = Buffer.concat([words(1, 0x0100, 1, 0, 0, 0), words(0xc00c, 1, 1)]);
  t.equal(codeOf(await ask(loop)), 1, 'a name that leads to itself');
  const two = packet();
  two.writeUInt16BE(2, 4);
  t.equal(codeOf(await ask(two)), 1, 'two questions');
  t.equal(codeOf(await ask(packet().subarray(0, 20))), 1, 'a name that ends early');
  t.equal(codeOf(await ask(packet({ class: 3 }))), 5, 'another class');
  t.equal(codeOf(await ask(packet({ type: 252 }))), 5, 'a transfer of the zone');
  t.equal(codeOf(await ask(packet({ name: example, flags: 0 }))), 5, 'without recursion');
  t.equal(codeOf(await ask(packet({ name: example }))), 2, 'nobody to ask');
});

t.test('extensions are answered with one, and their version checked', async (t) => {
  const ask = asking([]);
  const plain = readRecords(await ask(packet()));
  t.notOk(plain.some(({ type }) => type === 41));
  const answer = await ask(packet({ payloadBytes: 4096 }));
  t.match(readRecords(answer).at(-1), { type: 41, class: 1232, name: '' });
  const bad = await ask(packet({ payloadBytes: 4096, extension: 0x10000 }));
  t.match(readRecords(bad).at(-1), { type: 41, ttl: 0x01000000 });
});

t.test('what does not fit is cut, and the client told', async (t) => {
  const store = new RecordStore();
  const many = slice(Array.from({ length: 100 }, (_, i) => `10.244.1.${i + 1}`));
  store.set(recordOf(service({ clusterIP: 'None' }), [many]));
  const ask = asking([], new Zone(store, 'cluster.local'));
  const small = await ask(packet());
  t.ok(small.length <= 512);
  t.equal(small.readUInt16BE(2) & 0x0200, 0x0200);
  const larger = await ask(packet({ payloadBytes: 65_535 }));
  t.ok(larger.length > 512 && larger.length <= 1232);
  t.equal(larger.readUInt16BE(2) & 0x0200, 0x0200);
  const whole = await answerQuery(packet(), () => 65_535, {
    zone: new Zone(store, 'cluster.local'),
    resolver: new Resolver(() => [], signal),
    log,
  });
  t.equal(dataOf(whole ?? Buffer.alloc(0)).length, 100);
});

t.test('other names are asked for, and remembered for their time', async (t) => {
  let now = 0;
  const server = await upstream(t, (query) => reply(query, [four(1)]));
  const ask = asking([server], undefined, { nowMs: () => now });
  const first = await ask(packet({ id: 1, name: example }));
  t.same(dataOf(first), ['192.0.2.1']);
  t.equal(readRecords(first)[0]?.ttl, 60);
  now = 20_500;
  const second = await ask(packet({ id: 2, name: 'EXAMPLE.com', payloadBytes: 1232 }));
  t.equal(second.readUInt16BE(0), 2);
  t.equal(readRecords(second)[0]?.ttl, 40);
  t.equal(server.asked, 1);
  now = 61_000;
  await ask(packet({ name: example }));
  t.equal(server.asked, 2);
});

t.test('a denial is remembered as its SOA says', async (t) => {
  const minimum = Buffer.concat([Buffer.from([0, 0]), Buffer.alloc(16), words(0, 30)]);
  const server = await upstream(t, (query) =>
    reply(query, [], { flags: 0x8183, authority: [record(6, 900, minimum)] }),
  );
  let now = 0;
  const ask = asking([server], undefined, { nowMs: () => now });
  t.equal(codeOf(await ask(packet({ name: example }))), 3);
  now = 29_000;
  t.equal(codeOf(await ask(packet({ name: example }))), 3);
  t.equal(server.asked, 1);
  now = 31_000;
  await ask(packet({ name: example }));
  t.equal(server.asked, 2);
});

t.test('many who ask the same are one question', async (t) => {
  const held: (() => void)[] = [];
  const server = await upstream(t, (query, socket, port) => {
    held.push(() => socket.send(reply(query, [four(1)]), port, '127.0.0.1'));
    setTimeout(() => held.splice(0).forEach((send) => send()), 50);
    return undefined;
  });
  const ask = asking([server]);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, id) => ask(packet({ id, name: example }))),
  );
  t.same(
    answers.map((answer) => answer.readUInt16BE(0)),
    Array.from({ length: 20 }, (_, id) => id),
  );
  t.equal(server.asked, 1);
});

t.test('an answer that was not asked for is passed over', async (t) => {
  const ids = new Set<number>();
  const ports = new Set<number>();
  const server = await upstream(t, (query, socket, port) => {
    ids.add(query.readUInt16BE(0));
    ports.add(port);
    const forge = (change: (bytes: Buffer) => void): void => {
      const bytes = reply(query, [four(66)]);
      change(bytes);
      socket.send(bytes, port, '127.0.0.1');
    };
    forge((bytes) => bytes.writeUInt16BE(bytes.readUInt16BE(0) ^ 1, 0));
    forge((bytes) => bytes.writeUInt8(0x7a, 14));
    forge((bytes) => bytes.writeUInt16BE(0x0100, 2));
    forge((bytes) => bytes.writeUInt16BE(28, 12 + example.length + 2));
    return reply(query, [four(1)]);
  });
  const ask = asking([server]);
  for (let i = 0; i < 8; i++) {
    const answer = await ask(packet({ name: `${'a'.repeat(i)}x${example.slice(i + 1)}` }));
    t.same(dataOf(answer).slice(0, 1), ['192.0.2.1']);
  }
  t.ok(ids.size > 4, 'numbers are chosen at random');
  t.ok(ports.size > 4, 'and ports');
});

t.test('a server that fails is not the last word', async (t) => {
  const broken = await upstream(t, (query) => reply(query, [], { flags: 0x8182 }));
  const server = await upstream(t, (query) => reply(query, [four(1)]));
  const ask = asking([broken, server]);
  t.same(dataOf(await ask(packet({ name: example }))), ['192.0.2.1']);
  await ask(packet({ name: 'other.example.com' }));
  t.equal(broken.asked, 1, 'the one that answered is asked first from then on');
  t.equal(codeOf(await asking([broken])(packet({ name: example }))), 2);
});

t.test('while nobody answers, what was true is said once more', async (t) => {
  let broken = false;
  let now = 0;
  const server = await upstream(t, (query) =>
    broken ? reply(query, [], { flags: 0x8182 }) : reply(query, [four(1)]),
  );
  const gone = { address: '127.0.0.1', port: await freePort() };
  for (const failing of [[server], [server, gone]]) {
    broken = false;
    now = 0;
    const ask = asking(failing, undefined, { nowMs: () => now });
    await ask(packet({ name: example }));
    broken = true;
    now = 100_000;
    const stale = await ask(packet({ name: example }));
    t.same(dataOf(stale), ['192.0.2.1']);
    t.equal(readRecords(stale)[0]?.ttl, 5);
    now = 4_000_000;
    t.equal(codeOf(await ask(packet({ name: example }))), 2);
  }
  broken = false;
  now = 0;
  const servers: Upstream[] = [server];
  const ask = asking(servers, undefined, { nowMs: () => now });
  await ask(packet({ name: example }));
  servers[0] = gone;
  now = 100_000;
  t.same(dataOf(await ask(packet({ name: example }))), ['192.0.2.1'], 'nobody is there at all');
  t.equal(codeOf(await ask(packet({ name: 'other.example.com' }))), 2);
});

t.test('what UDP cannot carry is asked over TCP', async (t) => {
  const server = await upstream(t, (query) => reply(query, [], { flags: 0x8380 }));
  const all = Array.from({ length: 40 }, (_, i) => four(i));
  const stream = createServer((socket) => {
    socket.on('data', (bytes: Buffer) => {
      const answer = reply(bytes.subarray(2), all);
      const framed = Buffer.concat([words(answer.length), answer]);
      socket.write(framed.subarray(0, 100));
      setImmediate(() => socket.end(framed.subarray(100)));
    });
  });
  stream.listen(server.port, '127.0.0.1');
  await once(stream, 'listening');
  t.teardown(() => void stream.close());
  t.equal((stream.address() as AddressInfo).port, server.port);
  const ask = asking([server]);
  t.equal(dataOf(await ask(packet({ name: example, payloadBytes: 1232 }))).length, 40);
  const cut = await ask(packet({ name: example }));
  t.equal(cut.readUInt16BE(2) & 0x0200, 0x0200, 'and the client may have to, too');
  t.ok(cut.length <= 512);
});

t.test('an ExternalName comes with the addresses at its end', async (t) => {
  const server = await upstream(t, (query) => reply(query, [four(1)]));
  const ask = asking([server]);
  const out = await ask(packet({ name: 'out.default.svc.cluster.local' }));
  t.same(dataOf(out), ['type 5', '192.0.2.1']);
  const chain = await ask(packet({ name: 'chain.default.svc.cluster.local' }));
  t.same(dataOf(chain), ['type 5', '10.96.0.1']);
  t.equal(codeOf(await ask(packet({ name: 'round.default.svc.cluster.local' }))), 0);
});

t.test('what is remembered is bounded', async (t) => {
  const text = Buffer.concat(Array.from({ length: 230 }, () => Buffer.alloc(256, 255)));
  const server = await upstream(t, (query) => reply(query, [record(16, 60, text)]));
  const resolver = new Resolver(() => [server], signal, { answerMs: 60_000 });
  const { zone } = cluster();
  for (let i = 0; i < 300; i++) {
    await answerQuery(packet({ name: `n${i}.example`, type: 16 }), udpBytes, {
      zone,
      resolver,
      log,
    });
  }
  // Less than was answered, and as much as fits.
  t.ok(resolver.keptBytes <= limits.dnsCacheBytes, `${resolver.keptBytes} bytes`);
  t.ok(resolver.keptBytes > limits.dnsCacheBytes - 2 * text.length);
});
