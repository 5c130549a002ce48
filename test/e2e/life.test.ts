import { mkdir, readFile, writeFile } from 'node:fs/promises';
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

t.test('a container lives: create, start, stop, start again, remove', async (t) => {
  const { stdout } = await run(
    'create',
    '--name',
    'cc',
    'busybox',
    'sh',
    '-c',
    'echo run; sleep 60',
  );
  t.match(stdout, /^[0-9a-f]{64}\n$/);
  t.equal(await inspect('cc', '{{.State.Status}} {{.State.Pid}}'), 'created 0');
  t.equal((await run('start', 'cc')).stdout, 'cc\n');
  t.match(await inspect('cc', '{{.State.Status}} {{.State.Pid}}'), /^running [1-9]/);
  t.equal((await run('rm', 'cc')).code, 1, 'a running one is not removed');
  t.equal((await run('stop', '-t', '0', 'cc')).code, 0);
  t.equal(await inspect('cc', '{{.State.Status}} {{.State.ExitCode}}'), 'exited 137');
  t.equal((await run('stop', 'cc')).code, 0, 'stopping again is fine');
  t.equal((await run('start', 'cc')).code, 0);
  t.equal((await run('restart', '-t', '0', 'cc')).code, 0);
  t.equal(await inspect('cc', '{{.State.Status}}'), 'running');
  t.equal((await run('rm', '-f', 'cc')).code, 0);
  t.equal((await run('rm', '-f', 'cc')).code, 0, 'removing by force again is fine');
  t.same(await runtime.leftovers(), []);
});

t.test('exec runs beside it, with its own code, input, user and folder', async (t) => {
  await run('run', '-d', '--name', 'ee', 'busybox', 'sleep', '60');
  t.equal((await run('exec', 'ee', 'sh', '-c', 'exit 3')).code, 3);
  t.equal((await run('exec', 'ee', 'nosuch')).code, 127);
  t.equal((await runtime.runWith('typed', 'exec', '-i', 'ee', 'cat')).stdout, 'typed');
  const who = [
    'exec',
    '-u',
    'worker',
    '-w',
    '/tmp',
    '-e',
    'A=1',
    'ee',
    'sh',
    '-c',
    'id -u; pwd; echo $A',
  ];
  t.equal((await run(...who)).stdout, '1000\n/tmp\n1\n');
  t.equal((await run('exec', '-d', 'ee', 'touch', '/tmp/later')).code, 0);
  await sleep(200);
  t.match((await run('diff', 'ee')).stdout, /^A \/tmp\/later$/m);
  t.notMatch(
    (await run('diff', 'ee')).stdout,
    /etc/,
    "the runtime's own mount points are not shown",
  );
  t.match((await run('top', 'ee')).stdout, /^UID +PID.*CMD\n0 .*sleep 60\n$/);
  t.match((await run('top', 'ee', 'pid,comm')).stdout, /^PID +COMMAND\n\d+ +sleep\n$/);
  await run('rm', '-f', 'ee');
  t.match((await run('exec', 'ee', 'true')).stderr, /No such container: ee/);
});

t.test('pause freezes and unpause lets go on', async (t) => {
  await run('run', '-d', '--name', 'pp', 'busybox', 'sleep', '60');
  t.equal((await run('pause', 'pp')).code, 0);
  t.match((await run('ps')).stdout, /\(Paused\)/);
  t.match((await run('exec', 'pp', 'true')).stderr, /not running \(paused\)/);
  t.equal((await run('unpause', 'pp')).code, 0);
  t.equal((await run('exec', 'pp', 'true')).code, 0);
  t.equal((await run('kill', '-s', 'KILL', 'pp')).code, 0);
  t.equal((await run('wait', 'pp')).stdout, '137\n');
  t.match((await run('kill', 'pp')).stderr, /not running \(exited\)/);
  await run('rm', 'pp');
});

t.test('logs: tail, times, both streams, following until the end', async (t) => {
  const script = 'for i in 1 2 3 4 5; do echo line $i; done; echo bad >&2; sleep 1; echo last';
  await run('run', '-d', '--name', 'll', 'busybox', 'sh', '-c', script);
  const followed = await run('logs', '-f', 'll');
  t.equal(followed.stdout, 'line 1\nline 2\nline 3\nline 4\nline 5\nlast\n');
  t.equal(followed.stderr, 'bad\n');
  t.equal((await run('logs', '--tail', '1', 'll')).stdout, 'last\n');
  t.equal((await run('logs', '--tail', '0', 'll')).stdout, '');
  t.match((await run('logs', '-t', '--tail', '1', 'll')).stdout, /^\d{4}-.*T.*Z last\n$/);
  t.equal((await run('logs', '--since', '2100-01-01', 'll')).stdout, '');
  t.equal((await run('logs', '--until', '2001-01-01', 'll')).stdout, '');
  await run('rm', 'll');
});

t.test('restart policies: so often, always, and not after stop', async (t) => {
  await run('run', '-d', '--restart', 'on-failure:2', '--name', 'rr', 'busybox', 'false');
  for (let wait = 0; wait < 50 && (await inspect('rr', '{{.RestartCount}}')) !== '2'; wait += 1) {
    await sleep(100);
  }
  await sleep(500);
  t.equal(await inspect('rr', '{{.RestartCount}} {{.State.Status}}'), '2 exited');
  await run('run', '-d', '--restart', 'always', '--name', 'aa', 'busybox', 'sleep', '60');
  await run('stop', '-t', '0', 'aa');
  await sleep(500);
  t.equal(await inspect('aa', '{{.State.Status}}'), 'exited');
  await run('rm', '-f', 'rr', 'aa');
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
  const script = 'echo run; cat /tmp/kept; echo data > /tmp/kept; sleep 60';
  await run('run', '-d', '--name', 'boot', 'busybox', 'sh', '-c', script);
  await sleep(300);
  // What a reboot takes: processes, and all below the state folder.
  await run('kill', 'boot');
  await runtime.down('SIGKILL');
  await runtime.forgetState();
  await runtime.up();
  t.match(await inspect('boot', '{{.State.Status}}'), 'exited');
  t.equal((await run('start', 'boot')).stderr, '');
  await sleep(300);
  t.match((await run('logs', 'boot')).stdout, /run\nrun\ndata\n/, 'its files and its log are kept');
  await run('rm', '-f', 'boot');
  t.same(await runtime.leftovers(), []);
});

t.test('cp copies both ways, and refuses what it cannot place', async (t) => {
  await run('run', '-d', '--name', 'copy', 'busybox', 'sleep', '60');
  const from = `${runtime.folder}/from`;
  await mkdir(`${from}/sub`, { recursive: true });
  await writeFile(`${from}/sub/file`, 'text\n');
  t.equal((await run('cp', from, 'copy:/data')).stderr, '');
  t.equal((await run('exec', 'copy', 'cat', '/data/sub/file')).stdout, 'text\n');
  t.equal((await run('cp', `${from}/sub/file`, 'copy:/tmp')).code, 0, 'into a folder');
  t.equal((await run('exec', 'copy', 'cat', '/tmp/file')).stdout, 'text\n');
  t.equal((await run('cp', 'copy:/data', `${runtime.folder}/back`)).code, 0);
  t.equal(await readFile(`${runtime.folder}/back/sub/file`, 'utf8'), 'text\n');
  t.equal((await run('cp', 'copy:/data', `${runtime.folder}/back`)).code, 0, 'into it');
  t.match((await run('cp', 'copy:/data', `${runtime.folder}/back`)).stderr, /exists already/);
  t.match((await run('cp', 'copy:/none', '/tmp/none')).stderr, /No such file/);
  t.match((await run('cp', '/none', 'copy:/x')).stderr, /There is no "\/none"/);
  t.match((await run('cp', '/a', '/b')).stderr, /One of the two places/);
  await run('rm', '-f', 'copy');
});

t.test('SIGTERM ends the runtime with 0 and leaves containers', async (t) => {
  await run('run', '-d', '--name', 'stay', 'busybox', 'sleep', '60');
  t.equal(await runtime.down('SIGTERM'), 0);
  await runtime.up();
  t.equal(await inspect('stay', '{{.State.Status}}'), 'running');
  await run('rm', '-f', 'stay');
});
