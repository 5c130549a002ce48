/** Exec, attach and port-forward as crictl does them: Go's own SPDY and WebSocket. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { CriClient } from './cri-client.ts';
import { type Outcome, PrivateRuntime } from './private-runtime.ts';
import { processesWith } from './processes.ts';
import { until } from '../until.ts';

const crictl = process.env['CRICTL'] ?? '/usr/bin/crictl';
if (process.getuid?.() !== 0 || !existsSync(crictl)) {
  t.pass('skipped', { skip: 'needs root and crictl (CRICTL names it)' });
  process.exit(0);
}

t.setTimeout(110_000);
const runtime = await PrivateRuntime.start();
t.teardown(() => runtime[Symbol.asyncDispose]());
const cri = new CriClient(runtime.socket);
t.teardown(() => cri[Symbol.dispose]());
mkdirSync(`${runtime.folder}/logs`);

const config = {
  metadata: { name: 'crictl', uid: 'u', namespace: 'n', attempt: 0 },
  log_directory: `${runtime.folder}/logs`,
  linux: { security_context: { namespace_options: { network: 'NODE' } } },
};
const pod = { id: await cri.pod(config), config };

function start(name: string, args: readonly string[], more: object = {}): Promise<string> {
  const image = { image: 'busybox' };
  return cri.run(pod, { metadata: { name }, image, args, log_path: `${name}.log`, ...more });
}

const container = await start('sleeper', ['sleep', '100000']);
const endpoint = ['--runtime-endpoint', `unix://${runtime.socket}`, '--timeout', '10s'];

/** Killed after a while: crictl's attach takes SIGTERM for nothing. */
function run(args: readonly string[], input = ''): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { timeout: 20_000, killSignal: 'SIGKILL', maxBuffer: 1 << 26 } as const;
    const child = execFile(crictl, [...endpoint, ...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, stdout, stderr });
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

const { stdout: help } = await run(['exec', '--help']);
// Older ones have SPDY alone.
const transports = help.includes('--transport') ? ['spdy', 'websocket'] : [''];

for (const transport of transports) {
  const flags = transport === '' ? [] : ['--transport', transport];
  const exec = (args: readonly string[], input = ''): Promise<Outcome> =>
    run(['exec', ...flags, ...args], input);

  t.test(`crictl exec ${transport}`, async (t) => {
    t.match(await exec([container, 'echo', 'hello']), { code: 0, stdout: 'hello\n' });
    t.match(await exec(['-i', container, 'cat'], 'piped'), { code: 0, stdout: 'piped' });
    const script = 'echo out; echo wrong >&2; exit 7';
    const { code, stdout, stderr } = await exec([container, 'sh', '-c', script]);
    t.match({ code, stdout }, { code: 1, stdout: 'out\n' });
    t.match(stderr, /wrong\n.*exit code 7/s);
    t.match((await exec([container, 'no-such-program'])).stderr, /no-such-program.*ENOENT/);
    const large = await exec([container, 'dd', 'if=/dev/zero', 'bs=1M', 'count=20']);
    t.equal(large.stdout.length, 20 * 1024 * 1024);
  });

  t.test(`crictl exec ${transport}: with kill -9 of the client the program ends`, async (t) => {
    const word = `${process.pid}${transport.length}`;
    const args = [...endpoint, 'exec', ...flags, '-i', container, 'sleep', word];
    const child = spawn(crictl, args, { stdio: ['pipe', 'ignore', 'ignore'] });
    child.stdin.on('error', () => undefined);
    child.stdin.write(Buffer.alloc(4_000_000));
    const inside = (): number => processesWith(word).filter((pid) => pid !== child.pid).length;
    t.ok(await until(() => inside() === 1));
    child.kill('SIGKILL');
    t.ok(await until(() => inside() === 0));
  });

  t.test(`crictl attach ${transport}`, async (t) => {
    const id = await start(`reader${transport}`, ['sh', '-c', 'read x; echo "got $x"'], {
      stdin: true,
    });
    const { stdout } = await run(['attach', ...flags, '-i', id], 'word\n');
    t.equal(stdout, 'got word\n');
  });

  t.test(`crictl port-forward ${transport}`, async (t) => {
    const server = createServer((socket) => socket.end('from the server'));
    await new Promise<void>((resolve) => server.listen(0, '::1', resolve));
    t.teardown(() => server.close());
    const { port } = server.address() as { port: number };
    const args = [...endpoint, 'port-forward', ...flags, pod.id, `:${port}`];
    const child = spawn(crictl, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    t.teardown(() => child.kill('SIGKILL'));
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const local = (): string | undefined => /127\.0\.0\.1:(\d+) ->/.exec(said)?.[1];
    t.ok(await until(() => local() !== undefined), said);
    for (let round = 0; round < 3; round++) {
      const answer = await fetchFrom(Number(local()));
      t.equal(answer, 'from the server');
    }
  });
}

function fetchFrom(port: number): Promise<string> {
  return text(connect(port, '127.0.0.1'));
}

t.test('nothing is left', async (t) => {
  await cri.call('StopPodSandbox', { pod_sandbox_id: pod.id });
  await cri.call('RemovePodSandbox', { pod_sandbox_id: pod.id });
  t.same(await runtime.leftovers(), []);
});
