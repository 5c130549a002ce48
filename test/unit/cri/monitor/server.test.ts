import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { get } from 'node:http';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { Health, type HealthCheck } from '../../../../src/cri/monitor/health.ts';
import { MonitorServer } from '../../../../src/cri/monitor/server.ts';

const good: HealthCheck = { name: 'good', run: async () => undefined };
const bad: HealthCheck = {
  name: 'bad',
  run: async () => {
    throw new Error('disk is full');
  },
};

interface Heard {
  readonly code: number | undefined;
  readonly body: string;
}

function ask(where: object, path: string): Promise<Heard> {
  return new Promise((resolve, reject) => {
    get({ ...where, path, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ code: response.statusCode, body }));
    }).on('error', reject);
  });
}

async function serve(t: Test, ...checks: readonly HealthCheck[]): Promise<object> {
  const server = await MonitorServer.open('127.0.0.1:0', {
    metrics: async () => 'up 1\n',
    liveness: new Health([good]),
    readiness: new Health(checks, 200),
  });
  t.teardown(() => server.close());
  return { host: '127.0.0.1', port: server.port };
}

t.test('metrics and health are told, and nothing else is', async (t) => {
  const where = await serve(t, good);
  t.same(await ask(where, '/metrics?x=1'), { code: 200, body: 'up 1\n' });
  t.same(await ask(where, '/healthz'), { code: 200, body: '[+]good ok\nok\n' });
  t.same(await ask(where, '/readyz'), { code: 200, body: '[+]good ok\n[+]good ok\nok\n' });
  t.match(await ask(where, '/debug/pprof'), { code: 404 });
});

t.test('a failing check is 503 and named with its reason, where it counts', async (t) => {
  const where = await serve(t, bad);
  t.match(await ask(where, '/healthz'), { code: 200 });
  const body = '[+]good ok\n[-]bad failed: disk is full\nfailed\n';
  t.same(await ask(where, '/readyz'), { code: 503, body });
});

t.test('a check that hangs is told within its bound, and is begun once', async (t) => {
  let begun = 0;
  const hangs = {
    name: 'hangs',
    run: (): Promise<void> => {
      begun += 1;
      return new Promise(() => undefined);
    },
  };
  const where = await serve(t, hangs, bad);
  const answers = await Promise.all([ask(where, '/readyz'), ask(where, '/readyz')]);
  for (const { code, body } of answers) {
    t.equal(code, 503);
    t.match(body, /hangs failed: no answer in 200 ms\n.*disk is full/);
  }
  t.equal(begun, 1);
});

t.test('a socket is for its owner alone, and goes with the server', async (t) => {
  const folder = await mkdtemp('/tmp/keelson-monitor-');
  t.teardown(() => rm(folder, { recursive: true }));
  const path = `${folder}/monitor.sock`;
  const parts = {
    metrics: async () => '',
    liveness: new Health([]),
    readiness: new Health([]),
  };
  const server = await MonitorServer.open(path, parts);
  t.equal((await stat(path)).mode & 0o777, 0o600);
  t.match(await ask({ socketPath: path }, '/healthz'), { code: 200 });
  await server.close();
  await t.rejects(stat(path), { code: 'ENOENT' });
});

t.test('an address that is taken is told by its name', async (t) => {
  const { port } = (await serve(t)) as { port: number };
  const parts = { metrics: async () => '', liveness: new Health([]), readiness: new Health([]) };
  await t.rejects(MonitorServer.open(`127.0.0.1:${port}`, parts), {
    kind: 'unavailable',
    message: /"monitor.address" 127.0.0.1:\d+: .*EADDRINUSE/,
  });
});

t.test('clients that only connect or send nonsense keep nobody from an answer', async (t) => {
  const where = (await serve(t)) as { host: string; port: number };
  const idle = Array.from({ length: 40 }, () => connect(where));
  t.teardown(() => idle.forEach((socket) => socket.destroy()));
  for (const socket of idle) socket.on('error', () => undefined);
  await Promise.all(idle.map((socket) => once(socket, 'connect')));
  idle[0]?.write(`GET /${'x'.repeat(100_000)}\r\n\r\n`);
  idle[1]?.write('\0\0\0\0');
  t.match(await ask(where, '/healthz'), { code: 200 });
});
