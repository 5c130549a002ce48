import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { PrivateRuntime } from './private-runtime.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

const runtime = await PrivateRuntime.start();
t.teardown(() => runtime[Symbol.asyncDispose]());
const run = runtime.run.bind(runtime);

async function inspect(name: string, template: string): Promise<string> {
  return (await run('inspect', '--format', template, name)).stdout.trim();
}

t.test('a container lives: create, start, stop, start again, remove', async (t) => {
  const { stdout } = await run(
    'create',
    '--name',
    'c',
    'busybox',
    'sh',
    '-c',
    'echo run; sleep 60',
  );
  t.match(stdout, /^[0-9a-f]{64}\n$/);
  t.equal(await inspect('c', '{{.State.Status}} {{.State.Pid}}'), 'created 0');
  t.equal((await run('start', 'c')).stdout, 'c\n');
  t.match(await inspect('c', '{{.State.Status}} {{.State.Pid}}'), /^running [1-9]/);
  t.equal((await run('rm', 'c')).code, 1, 'a running one is not removed');
  t.equal((await run('stop', '-t', '0', 'c')).code, 0);
  t.equal(await inspect('c', '{{.State.Status}} {{.State.ExitCode}}'), 'exited 137');
  t.equal((await run('stop', 'c')).code, 0, 'stopping again is fine');
  t.equal((await run('start', 'c')).code, 0);
  t.equal((await run('restart', '-t', '0', 'c')).code, 0);
  t.equal(await inspect('c', '{{.State.Status}}'), 'running');
  t.equal((await run('rm', '-f', 'c')).code, 0);
  t.equal((await run('rm', '-f', 'c')).code, 0, 'removing by force again is fine');
  t.same(await runtime.leftovers(), []);
});

t.test('exec runs beside it, with its own code, input, user and folder', async (t) => {
  await run('run', '-d', '--name', 'e', 'busybox', 'sleep', '60');
  t.equal((await run('exec', 'e', 'sh', '-c', 'exit 3')).code, 3);
  t.equal((await run('exec', 'e', 'nosuch')).code, 127);
  t.equal((await runtime.runWith('typed', 'exec', '-i', 'e', 'cat')).stdout, 'typed');
  const who = [
    'exec',
    '-u',
    'worker',
    '-w',
    '/tmp',
    '-e',
    'A=1',
    'e',
    'sh',
    '-c',
    'id -u; pwd; echo $A',
  ];
  t.equal((await run(...who)).stdout, '1000\n/tmp\n1\n');
  t.equal((await run('exec', '-d', 'e', 'touch', '/tmp/later')).code, 0);
  await sleep(200);
  t.match((await run('diff', 'e')).stdout, /^A \/tmp\/later$/m);
  t.notMatch(
    (await run('diff', 'e')).stdout,
    /etc/,
    "the runtime's own mount points are not shown",
  );
  t.match((await run('top', 'e')).stdout, /^UID +PID.*CMD\n0 .*sleep 60\n$/);
  t.match((await run('top', 'e', 'pid,comm')).stdout, /^PID +COMMAND\n\d+ +sleep\n$/);
  await run('rm', '-f', 'e');
  t.match((await run('exec', 'e', 'true')).stderr, /No such container: e/);
});

t.test('pause freezes and unpause lets go on', async (t) => {
  await run('run', '-d', '--name', 'p', 'busybox', 'sleep', '60');
  t.equal((await run('pause', 'p')).code, 0);
  t.match((await run('ps')).stdout, /\(Paused\)/);
  t.match((await run('exec', 'p', 'true')).stderr, /not running \(paused\)/);
  t.equal((await run('unpause', 'p')).code, 0);
  t.equal((await run('exec', 'p', 'true')).code, 0);
  t.equal((await run('kill', '-s', 'KILL', 'p')).code, 0);
  t.equal((await run('wait', 'p')).stdout, '137\n');
  t.match((await run('kill', 'p')).stderr, /not running \(exited\)/);
  await run('rm', 'p');
});

t.test('logs: tail, times, both streams, following until the end', async (t) => {
  const script = 'for i in 1 2 3 4 5; do echo line $i; done; echo bad >&2; sleep 1; echo last';
  await run('run', '-d', '--name', 'l', 'busybox', 'sh', '-c', script);
  const followed = await run('logs', '-f', 'l');
  t.equal(followed.stdout, 'line 1\nline 2\nline 3\nline 4\nline 5\nlast\n');
  t.equal(followed.stderr, 'bad\n');
  t.equal((await run('logs', '--tail', '1', 'l')).stdout, 'last\n');
  t.equal((await run('logs', '--tail', '0', 'l')).stdout, '');
  t.match((await run('logs', '-t', '--tail', '1', 'l')).stdout, /^\d{4}-.*T.*Z last\n$/);
  t.equal((await run('logs', '--since', '2100-01-01', 'l')).stdout, '');
  t.equal((await run('logs', '--until', '2001-01-01', 'l')).stdout, '');
  await run('rm', 'l');
});

t.test('restart policies: so often, always, and not after stop', async (t) => {
  await run('run', '-d', '--restart', 'on-failure:2', '--name', 'r', 'busybox', 'false');
  for (let wait = 0; wait < 50 && (await inspect('r', '{{.RestartCount}}')) !== '2'; wait += 1) {
    await sleep(100);
  }
  await sleep(500);
  t.equal(await inspect('r', '{{.RestartCount}} {{.State.Status}}'), '2 exited');
  await run('run', '-d', '--restart', 'always', '--name', 'a', 'busybox', 'sleep', '60');
  await run('stop', '-t', '0', 'a');
  await sleep(500);
  t.equal(await inspect('a', '{{.State.Status}}'), 'exited');
  await run('rm', '-f', 'r', 'a');
});

t.test('listings: filters, JSON, templates, short ids', async (t) => {
  await run('run', '-d', '--name', 'x1', '-l', 'team=a', 'busybox', 'sleep', '60');
  await run('create', '--name', 'x2', 'busybox', 'true');
  const json = JSON.parse((await run('ps', '-a', '-o', 'json')).stdout) as { Names: string }[];
  t.same(json.map(({ Names }) => Names).toSorted(), ['x1', 'x2']);
  t.match((await run('ps', '-q')).stdout, /^[0-9a-f]{12}\n$/);
  t.equal((await run('ps', '-aqf', 'label=team=b')).stdout, '');
  t.equal((await run('ps', '-a', '-f', 'status=created', '--format', '{{.Names}}')).stdout, 'x2\n');
  t.match((await run('ps', '-f', 'nme=x')).stderr, /did you mean "name=/);
  t.match((await run('ps', '--format', '{{.Nope}}')).stderr, /no field "\.Nope"/);
  t.match((await run('stats', '--no-stream', '--format', '{{.Name}}')).stdout, /^x1$/m);
  t.equal((await run('rename', 'x2', 'x3')).code, 0);
  t.match((await run('rename', 'x3', 'x1')).stderr, /in use/);
  await run('rm', '-f', 'x1', 'x3');
});

t.test(
  'the runtime killed at once: containers, output and exit codes are still there',
  async (t) => {
    const script = 'for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.25; done; exit 9';
    await run('run', '-d', '--name', 'k', 'busybox', 'sh', '-c', script);
    const pid = await inspect('k', '{{.State.Pid}}');
    await runtime.down('SIGKILL');
    await sleep(500);
    await runtime.up();
    t.equal(await inspect('k', '{{.State.Pid}}'), pid);
    t.equal((await run('wait', 'k')).stdout, '9\n');
    t.equal((await run('logs', 'k')).stdout, '1\n2\n3\n4\n5\n6\n7\n8\n');
    await run('rm', 'k');
    t.same(await runtime.leftovers(), []);
  },
);

t.test('SIGTERM ends the runtime with 0 and leaves containers', async (t) => {
  await run('run', '-d', '--name', 'stay', 'busybox', 'sleep', '60');
  t.equal(await runtime.down('SIGTERM'), 0);
  await runtime.up();
  t.equal(await inspect('stay', '{{.State.Status}}'), 'running');
  await run('rm', '-f', 'stay');
});
