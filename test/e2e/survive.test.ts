import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { PrivateRuntime } from './private-runtime.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

// Every step starts a process; on a busy machine that takes its time.
t.setTimeout(110_000);
const runtime = await PrivateRuntime.start();
t.teardown(() => runtime[Symbol.asyncDispose]());
const run = runtime.run.bind(runtime);

async function inspect(name: string, template: string): Promise<string> {
  return (await run('inspect', '--format', template, name)).stdout.trim();
}

async function untilLogged(name: string, expected: RegExp): Promise<string> {
  let text = '';
  for (let wait = 0; wait < 200 && !expected.test(text); wait += 1) {
    text = (await run('logs', name)).stdout;
    await sleep(50);
  }
  return text;
}

t.test(
  'the runtime killed at once: containers, output and exit codes are still there',
  async (t) => {
    const script = 'for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.25; done; exit 9';
    await run('run', '-d', '--name', 'kk', 'busybox', 'sh', '-c', script);
    const pid = await inspect('kk', '{{.State.Pid}}');
    await runtime.down('SIGKILL');
    await sleep(500);
    await runtime.up();
    t.equal(await inspect('kk', '{{.State.Pid}}'), pid);
    t.equal((await run('wait', 'kk')).stdout, '9\n');
    t.equal((await run('logs', 'kk')).stdout, '1\n2\n3\n4\n5\n6\n7\n8\n');
    await run('rm', 'kk');
    t.same(await runtime.leftovers(), []);
  },
);

t.test('after a reboot containers are there, ended, and can be started again', async (t) => {
  // What it writes comes before what it says.
  const script =
    'cat /tmp/kept > /tmp/was; echo data > /tmp/kept; echo run; cat /tmp/was; sleep 60';
  await run('run', '-d', '--name', 'boot', 'busybox', 'sh', '-c', script);
  await untilLogged('boot', /run\n/);
  // What a reboot takes: processes, and all below the state folder.
  await run('kill', 'boot');
  await runtime.down('SIGKILL');
  await runtime.forgetState();
  await runtime.up();
  t.match(await inspect('boot', '{{.State.Status}}'), 'exited');
  t.equal((await run('start', 'boot')).stderr, '');
  const log = await untilLogged('boot', /run\nrun\ndata\n/);
  t.match(log, /run\nrun\ndata\n/, 'its files and its log are kept');
  await run('rm', '-f', 'boot');
  t.same(await runtime.leftovers(), []);
});

t.test('SIGTERM ends the runtime with 0 and leaves containers', async (t) => {
  await run('run', '-d', '--name', 'stay', 'busybox', 'sleep', '60');
  t.equal(await runtime.down('SIGTERM'), 0);
  await runtime.up();
  t.equal(await inspect('stay', '{{.State.Status}}'), 'running');
  await run('rm', '-f', 'stay');
});
