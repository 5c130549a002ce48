/** Exec and Attach over SPDY and WebSocket, by clients of our own, against a runtime of our own. */
import { mkdirSync } from 'node:fs';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { parseResult } from '../../src/stream/status.ts';
import { clients, type CommandClient, hear, versions } from '../command-client.ts';
import { type Answer, CriClient } from './cri-client.ts';
import { PrivateRuntime } from './private-runtime.ts';
import { descriptorsOf, processesWith, writtenBy } from './processes.ts';
import { until } from '../until.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(110_000);
const runtime = await PrivateRuntime.start();
t.teardown(() => runtime[Symbol.asyncDispose]());
let cri = new CriClient(runtime.socket);
t.teardown(() => cri[Symbol.dispose]());
mkdirSync(`${runtime.folder}/logs`);

const podConfig = {
  metadata: { name: 'streams', uid: 'u', namespace: 'n', attempt: 0 },
  log_directory: `${runtime.folder}/logs`,
  linux: { security_context: { namespace_options: { network: 'NODE' } } },
};
const pod = { id: await cri.pod(podConfig), config: podConfig };
let count = 0;

function run(more: object): Promise<string> {
  const name = `c${++count}`;
  const image = { image: 'busybox' };
  return cri.run(pod, { metadata: { name }, image, log_path: `${name}.log`, ...more });
}

const container = await run({ command: ['sleep', '100000'] });
const quiet = { stdout: true, stderr: true };

async function exec(cmd: readonly string[], more: object = quiet): Promise<string> {
  return (await cri.call('Exec', { container_id: container, cmd, ...more })).url;
}

const unique = (): string => `${process.pid}${++count}`;

for (const kind of ['spdy', 'websocket'] as const) {
  const connect = clients[kind];
  const protocols = [versions[kind][0]];
  const outputs = { protocols, stdout: true, stderr: true };

  t.test(`${kind}: an exec's output, errors and exit code`, async (t) => {
    const url = await exec(['sh', '-c', 'echo out; echo wrong >&2; exit 7']);
    const { stdout, stderr, error } = await hear(await connect(url, outputs));
    t.same([stdout, stderr], ['out\n', 'wrong\n']);
    t.same(parseResult(error), { kind: 'exited', exitCode: 7 });
  });

  t.test(`${kind}: a program that is not there is told as such`, async (t) => {
    const { error } = await hear(await connect(await exec(['no-such-program']), outputs));
    t.match(parseResult(error), { kind: 'failed', message: /"no-such-program".*ENOENT/ });
  });

  t.test(`${kind}: input reaches the program, and so does its end`, async (t) => {
    const url = await exec(['sh', '-c', 'cat; echo over'], { ...quiet, stdin: true });
    const session = await connect(url, { ...outputs, stdin: true });
    session.stdin.write('one ');
    session.stdin.end('two ');
    t.equal((await hear(session)).stdout, 'one two over\n');
  });

  t.test(`${kind}: 8 MiB there and back are the same`, async (t) => {
    const url = await exec(['cat'], { ...quiet, stdin: true });
    const session = await connect(url, { ...outputs, stdin: true });
    const line = `${'0123456789abcdef'.repeat(4095)}\n`;
    const heard = hear(session);
    for (let sent = 0; sent < 128; sent++) {
      if (!session.stdin.write(line)) await once(session.stdin, 'drain');
    }
    session.stdin.end();
    const { stdout, error } = await heard;
    t.equal(stdout.length, 128 * line.length);
    t.equal(stdout, line.repeat(128));
    t.same(parseResult(error), { kind: 'done' });
  });

  t.test(`${kind}: a terminal has the client's size, and follows it`, async (t) => {
    const script =
      'stty size; until [ "$(stty size)" = "50 132" ]; do sleep 0.05; done; read x; stty size';
    const more = { tty: true, stdin: true, stdout: true };
    const url = await exec(['sh', '-c', script], more);
    const session = await connect(url, { protocols, stdin: true, stdout: true, resize: true });
    session.resize.write('{"Width":80,"Height":24}\n');
    const [first] = (await once(session.stdout, 'data')) as [Buffer];
    t.match(first.toString(), /^24 80\r\n/, 'from the beginning');
    session.resize.write('{"Width":132,"Height":50}\n');
    session.stdin.write('\n');
    t.match((await hear(session)).stdout, /50 132\r\n$/);
  });

  t.test(
    `${kind}: who does not read holds the program back, not the runtime's memory`,
    async (t) => {
      const word = unique();
      const session = await connect(await exec(['yes', word]), outputs);
      await until(() => processesWith(word).length > 0);
      const [pid] = processesWith(word);
      let before = -1;
      for (let wait = 0; wait < 60 && writtenBy(pid) !== before; wait += 1) {
        before = writtenBy(pid);
        await sleep(500);
      }
      t.equal(writtenBy(pid), before, 'the program waits');
      t.ok(before < 24 * 1024 * 1024, `${before} bytes are on their way`);
      session.vanish();
      t.ok(await until(() => processesWith(word).length === 0), 'it ends with its client');
    },
  );

  t.test(`${kind}: nothing runs on when the client vanishes`, async (t) => {
    for (const stdin of [0, 3_000_000]) {
      const word = unique();
      const script = `(sleep ${word} & sleep ${word}) & sleep ${word}`;
      const url = await exec(['sh', '-c', script], { ...quiet, stdin: true });
      const session = await connect(url, { ...outputs, stdin: true });
      session.stdin.write(Buffer.alloc(stdin));
      t.ok(await until(() => processesWith(word).length >= 3), 'a tree');
      session.vanish();
      t.ok(await until(() => processesWith(word).length === 0), `${stdin} bytes unread`);
    }
  });

  t.test(`${kind}: an attached client talks with the program, which outlives it`, async (t) => {
    const script = 'while read line; do echo "got $line"; done; sleep 1000';
    const id = await run({ command: ['sh', '-c', script], stdin: true });
    const attach = async (): Promise<CommandClient> => {
      const { url } = await cri.call('Attach', { container_id: id, stdin: true, ...quiet });
      return connect(url, { ...outputs, stdin: true });
    };
    for (const word of ['first', 'second']) {
      const session = await attach();
      session.stdin.write(`${word}\n`);
      const [answer] = (await once(session.stdout, 'data')) as [Buffer];
      t.equal(answer.toString(), `got ${word}\n`);
      session.vanish();
      await session.closed;
    }
    const session = await attach();
    await cri.call('StopContainer', { container_id: id, timeout: 0 });
    const { error } = await hear(session);
    t.same(parseResult(error), { kind: 'done' }, 'the end of the program is the end');
  });
}

t.test("stdin that is open once ends with its first client's", async (t) => {
  const id = await run({ command: ['cat'], stdin: true, stdin_once: true });
  const { url } = await cri.call('Attach', { container_id: id, stdin: true, ...quiet });
  const session = await clients.spdy(url, {
    protocols: ['v4.channel.k8s.io'],
    stdin: true,
    stdout: true,
    stderr: true,
  });
  session.stdin.end('all of it');
  const { stdout, error } = await hear(session);
  t.equal(stdout, 'all of it');
  t.same(parseResult(error), { kind: 'done' });
});

t.test('a hundred execs at once', async (t) => {
  const work = Array.from({ length: 100 }, async (_, index) => {
    const kind = index % 2 === 0 ? 'spdy' : 'websocket';
    const url = await exec(['sh', '-c', `read line; echo "$line ${index}"`], {
      ...quiet,
      stdin: true,
    });
    const wanted = { protocols: [versions[kind][0]], stdin: true, stdout: true, stderr: true };
    const session = await clients[kind](url, wanted);
    session.stdin.write('line\n');
    t.equal((await hear(session)).stdout, `line ${index}\n`);
  });
  await Promise.all(work);
});

t.test('a URL connects one client, once, to what it was made for', async (t) => {
  const wanted = { protocols: ['v4.channel.k8s.io'], stdout: true, stderr: true };
  const url = await exec(['true']);
  t.match(url, /^http:\/\/127\.0\.0\.1:\d+\/exec\/[\w-]{32}$/);
  await hear(await clients.spdy(url, wanted));
  await t.rejects(clients.spdy(url, wanted), /404 Not Found: No such stream/);
  const other = (await exec(['true'])).replace('/exec/', '/attach/');
  await t.rejects(clients.spdy(other, wanted), /404/);
  const plain = await exec(['true']);
  t.same(await get(plain), [400, 'Upgrade request required: SPDY/3.1 or websocket\n']);
  t.match(await get(plain), [404, /^No such stream/]);
  t.match(await get(new URL('/exec/', plain).href), [404, /^No such stream/]);
  t.match(await get(new URL('/', plain).href), [404, /^No such stream/]);
});

const call = (more: object, method = 'Exec'): Promise<Answer> =>
  cri.call(method, { container_id: container, cmd: ['true'], ...more });

t.test('calls that make no sense are refused', async (t) => {
  await t.rejects(call({}), { code: 3, message: /One of stdin, stdout and stderr/ });
  await t.rejects(call({ tty: true, ...quiet }), { code: 3, message: /tty and stderr/ });
  await t.rejects(call({ container_id: 'none', ...quiet }), { code: 5 });
  await t.rejects(call({ ...quiet, tty: true }, 'Attach'), { code: 3 });
  const ended = await run({ command: ['true'] });
  for (let wait = 0; wait < 200; wait += 1) {
    if ((await cri.statusOf(ended)).state === 'CONTAINER_EXITED') break;
    await sleep(50);
  }
  await t.rejects(call({ container_id: ended, ...quiet }), { code: 9, message: /not running/ });
});

const round = async (): Promise<void> => {
  for (const kind of ['spdy', 'websocket'] as const) {
    const wanted = { protocols: [versions[kind][0]], stdout: true, stderr: true };
    await hear(await clients[kind](await exec(['echo', 'x']), wanted));
    (await clients[kind](await exec(['sleep', '1000']), wanted)).vanish();
  }
  await sleep(50);
};

t.test('after all that no descriptor and no process is left over', async (t) => {
  await round();
  await sleep(300);
  const before = descriptorsOf(runtime.pid);
  for (let index = 0; index < 10; index++) await round();
  t.ok(
    await until(() => descriptorsOf(runtime.pid) <= before),
    `${descriptorsOf(runtime.pid)} descriptors, ${before} before`,
  );
  const { stdout } = await runtime.run('top', container);
  t.equal(stdout.trim().split('\n').length, 2, 'a title and one process');
});

t.test('the runtime killed in the midst: the client sees an end, the container none', async (t) => {
  const word = unique();
  const wanted = { protocols: ['v4.channel.k8s.io'], stdout: true, stderr: true };
  const session = await clients.spdy(await exec(['sleep', word]), wanted);
  t.ok(await until(() => processesWith(word).length === 1));
  await runtime.down('SIGKILL');
  await session.closed;
  t.ok(await until(() => processesWith(word).length === 0), 'the exec ends with its streams');
  await runtime.up();
  cri[Symbol.dispose]();
  cri = new CriClient(runtime.socket);
  const { status } = await cri.call('ContainerStatus', { container_id: container });
  t.equal(status.state, 'CONTAINER_RUNNING');
  t.equal(
    (await hear(await clients.spdy(await exec(['echo', 'again']), wanted))).stdout,
    'again\n',
  );
});

t.test('no token is in the log', async (t) => {
  const url = await exec(['true']);
  const wanted = { protocols: ['v9'], stdout: true };
  await t.rejects(clients.spdy(url, wanted), /403/);
  const token = url.split('/').at(-1) ?? 'none';
  t.notOk((await runtime.log).includes(token));
});

t.test('the pod is removed with all that it left', async (t) => {
  await cri.call('StopPodSandbox', { pod_sandbox_id: pod.id });
  await cri.call('RemovePodSandbox', { pod_sandbox_id: pod.id });
  t.same(await runtime.leftovers(), []);
});

function get(url: string): Promise<[number, string]> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, (response) => {
      text(response).then((body) => resolve([response.statusCode ?? 0, body]), reject);
    });
    sent.on('error', reject);
    sent.end();
  });
}
