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
  const changed = async () => /^A \/tmp\/later$/m.test((await run('diff', 'ee')).stdout);
  for (let wait = 0; wait < 100 && !(await changed()); wait += 1) await sleep(50);
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
