import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { openLog } from '../../../../src/base/log.ts';
import { StreamingServer } from '../../../../src/cri/streaming/server.ts';
import { acceptCommand } from '../../../../src/stream/accept-command.ts';
import { dialSpdy } from '../../../../src/stream/dial-spdy.ts';
import type { Upgrade } from '../../../../src/stream/upgrade.ts';

process.env['KEELSON_LOG'] = 'silent';
const log = openLog('test');
const settings = { host: '127.0.0.1', port: 0, idleMs: 60_000 };
const protocols = ['v4.channel.k8s.io'];
const wanted = { stdin: false, stdout: true, stderr: false, terminal: false };

async function hello(upgrade: Upgrade): Promise<void> {
  const streams = await acceptCommand(upgrade, wanted);
  streams?.stdout?.write('hello');
  await streams?.finish({ kind: 'done' });
}

async function waits(upgrade: Upgrade): Promise<void> {
  await acceptCommand(upgrade, wanted);
}

async function fails(): Promise<void> {
  await sleep(1);
  throw new Error('broken');
}

async function listen(url: string, tls?: object): Promise<string> {
  const { connection } = await dialSpdy({ url, protocols, ...(tls === undefined ? {} : { tls }) });
  await connection.open(new Map([['streamtype', 'error']]));
  return text(await connection.open(new Map([['streamtype', 'stdout']])));
}

function raw(base: string): Socket {
  const socket = connect(Number(new URL(base).port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume();
  return socket;
}

t.test('a URL leads to its work, on loopback', async (t) => {
  const server = await StreamingServer.open(settings, log);
  t.match(server.base, /^http:\/\/127\.0\.0\.1:\d+$/);
  t.equal(await listen(server.offer('exec', hello)), 'hello');
  await server.close();
});

t.test('an IPv6 address stands in brackets', async (t) => {
  const server = await StreamingServer.open({ ...settings, host: '::1' }, log);
  t.match(server.base, /^http:\/\/\[::1\]:\d+$/);
  t.equal(await listen(server.offer('exec', hello)), 'hello');
  await server.close();
});

t.test('an address that cannot be had is named', async (t) => {
  const first = await StreamingServer.open(settings, log);
  const port = Number(new URL(first.base).port);
  await t.rejects(StreamingServer.open({ ...settings, port }, log), {
    kind: 'unavailable',
    message: /"streaming.address" 127.0.0.1:\d+: .*EADDRINUSE/,
  });
  await first.close();
});

t.test('a client that is slow with its request is cut off', { timeout: 60_000 }, async (t) => {
  const server = await StreamingServer.open(settings, log);
  const { connection } = await dialSpdy({ url: server.offer('exec', waits), protocols });
  const silent = raw(server.base);
  const slow = raw(server.base);
  slow.write('POST /exec/x HTTP/1.1\r\nHost: x\r\n');
  const drip = setInterval(() => slow.write('X-Header: y\r\n'), 500);
  const startedAt = performance.now();
  await Promise.all(
    [silent, slow].map((socket) => new Promise((resolve) => socket.once('close', resolve))),
  );
  clearInterval(drip);
  t.ok(performance.now() - startedAt < 30_000);
  await connection.open(new Map([['streamtype', 'error']]));
  t.pass('a stream that was let in goes on');
  connection.destroy();
  await server.close();
});

t.test('a request that is too long is refused', async (t) => {
  const server = await StreamingServer.open(settings, log);
  const socket = raw(server.base).pause();
  socket.write(`GET /exec/${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`);
  t.match(await text(socket), /^HTTP\/1.1 431/);
  await server.close();
});

t.test('a stream on which nothing comes is ended', async (t) => {
  const server = await StreamingServer.open({ ...settings, idleMs: 200 }, log);
  const { connection } = await dialSpdy({ url: server.offer('attach', waits), protocols });
  await connection.closed;
  t.pass('ended');
  await server.close();
});

t.test('work that fails ends its connection and no other', async (t) => {
  const server = await StreamingServer.open(settings, log);
  await t.rejects(listen(server.offer('exec', fails)));
  t.equal(await listen(server.offer('exec', hello)), 'hello');
  await server.close();
});

t.test('close ends what goes over it', async (t) => {
  const server = await StreamingServer.open(settings, log);
  const { connection } = await dialSpdy({ url: server.offer('exec', waits), protocols });
  await server.close();
  await connection.closed;
  t.pass('ended');
});

t.test('with TLS only the certificate of its authority is let in', async (t) => {
  const folder = mkdtempSync('/tmp/keelson-tls-');
  t.teardown(() => rmSync(folder, { recursive: true }));
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  for (const name of ['server', 'client', 'stranger']) {
    const files = ['-keyout', `${folder}/${name}.key`, '-out', `${folder}/${name}.crt`];
    const options = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    execFileSync('openssl', ['req', ...options, ...files, ...subject], { stdio: 'ignore' });
  }
  const read = (name: string): Buffer => readFileSync(`${folder}/${name}`);
  const tls = {
    certificate: read('server.crt'),
    key: read('server.key'),
    clientAuthority: read('client.crt'),
  };
  const server = await StreamingServer.open({ ...settings, tls }, log);
  t.match(server.base, /^https:/);
  const as = (name: string): object => ({
    ca: read('server.crt'),
    cert: read(`${name}.crt`),
    key: read(`${name}.key`),
  });
  t.equal(await listen(server.offer('exec', hello), as('client')), 'hello');
  await t.rejects(listen(server.offer('exec', hello), as('stranger')));
  await t.rejects(listen(server.offer('exec', hello), { ca: read('server.crt') }));
  await t.rejects(
    new Promise((_resolve, reject) => {
      const sent = httpsRequest(server.base, { ca: read('server.crt'), maxVersion: 'TLSv1.1' });
      sent.on('error', reject).end();
    }),
  );
  const broken = { ...tls, certificate: Buffer.from('none') };
  t.throws(() => server.renewCertificate(broken), /"streaming.certificate" cannot be used/);
  t.equal(await listen(server.offer('exec', hello), as('client')), 'hello', 'as before');
  const renewed = { certificate: read('stranger.crt'), key: read('stranger.key') };
  server.renewCertificate({ ...tls, ...renewed });
  const trusting = { ...as('client'), ca: read('stranger.crt') };
  t.equal(await listen(server.offer('exec', hello), trusting), 'hello', 'by the new one');
  await t.rejects(listen(server.offer('exec', hello), as('client')));
  await server.close();
});
