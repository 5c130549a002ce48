import t from 'tap';
import { PrivateRuntime } from './private-runtime.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(110_000);
const runtime = await PrivateRuntime.start();
t.teardown(() => runtime[Symbol.asyncDispose]());
const run = runtime.run.bind(runtime);

/** A program that takes no care of the orphan that it gets. */
const careless = ['sh', '-c', '(sleep 0.1 &); exec sleep 1000'];

t.test('orphans that have ended are reaped, which a program alone does not', async (t) => {
  await run('run', '-d', '--name', 'alone', 'busybox', ...careless);
  await run('run', '-d', '--init', '--name', 'kept', 'busybox', ...careless);
  const zombies = async (name: string): Promise<string> => {
    const script = 'sleep 0.5; cat /proc/[0-9]*/stat | grep -c " Z "';
    return (await run('exec', name, 'sh', '-c', script)).stdout;
  };
  t.equal(await zombies('alone'), '1\n');
  t.equal(await zombies('kept'), '0\n');
  t.match((await run('exec', 'kept', 'ps')).stdout, /1 root .*keelson-init 2\n +2 root +sleep/);
  await run('rm', '-f', 'alone');
});

t.test('a stop ends a program at once that as first process would ignore it', async (t) => {
  const before = Date.now();
  t.equal((await run('stop', '-t', '60', 'kept')).code, 0);
  t.ok(Date.now() - before < 30_000, 'no wait for the kill');
  const format = '{{.State.ExitCode}} {{.HostConfig.Init}}';
  t.equal((await run('inspect', '-f', format, 'kept')).stdout, '143 true\n');
});

t.test('it is there again after the next start', async (t) => {
  t.equal((await run('start', 'kept')).code, 0);
  t.match((await run('exec', 'kept', 'ps')).stdout, /1 root .*keelson-init/);
  t.equal((await run('rm', '-f', 'kept')).code, 0);
  t.same(await runtime.leftovers(), []);
});

async function code(...words: string[]): Promise<number> {
  return (await run('run', '--rm', '--init', 'busybox', ...words)).code;
}

t.test("exit codes are the program's own, and tell of one that cannot run", async (t) => {
  t.equal(await code('true'), 0);
  t.equal(await code('sh', '-c', 'exit 7'), 7);
  t.equal(await code('sh', '-c', 'kill -KILL $$'), 137);
  t.equal(await code('nosuch'), 127);
  t.equal(await code('/etc/passwd'), 126);
  t.same(await runtime.leftovers(), []);
});

t.test('signals reach the program, and it alone decides', async (t) => {
  const script =
    'trap "echo usr1" USR1; trap "echo term; exit 3" TERM; echo up; while :; do sleep 0.1; done';
  await run('run', '-d', '--init', '--name', 'traps', 'busybox', 'sh', '-c', script);
  const shows = async (word: string): Promise<boolean> => {
    for (let attempt = 0; attempt < 50; attempt += 1) {
      if ((await run('logs', 'traps')).stdout.includes(word)) return true;
    }
    return false;
  };
  t.ok(await shows('up'));
  await run('kill', '-s', 'USR1', 'traps');
  t.ok(await shows('usr1'));
  await run('kill', '-s', 'TERM', 'traps');
  t.equal((await run('wait', 'traps')).stdout, '3\n');
  t.equal((await run('logs', 'traps')).stdout, 'up\nusr1\nterm\n');
  await run('rm', 'traps');
});

t.test('the program is in the foreground of its terminal', async (t) => {
  const script =
    'tty; read -r _ _ _ _ group _ _ front _ < /proc/self/stat; echo $group $front; kill -INT 0';
  const { code, stdout } = await run('run', '--rm', '-t', '--init', 'busybox', 'sh', '-c', script);
  t.match(stdout, /^\/dev\/pts\/0\r\n2 2\r\n/);
  t.equal(code, 130, 'as Ctrl-C ends it');
});

t.test('it is what the program is: user, filter and no more capabilities', async (t) => {
  const script = 'grep -E "^(Uid|CapPrm|NoNewPrivs|Seccomp):" /proc/1/status; id -u';
  const flags = ['--init', '-u', 'worker', '--security-opt', 'no-new-privileges'];
  const { stdout } = await run('run', '--rm', ...flags, 'busybox', 'sh', '-c', script);
  t.match(
    stdout,
    /^Uid:\t1000\t1000\t1000\t1000\nCapPrm:\t0{16}\nNoNewPrivs:\t1\nSeccomp:\t2\n1000/,
  );
});

t.test('it works in user namespaces, and where it is not the first process', async (t) => {
  const words = ['busybox', 'sh', '-c', '(sleep 0.1 &); sleep 0.4; cat /proc/$PPID/cmdline'];
  const mapped = await run('run', '--rm', '--init', '--userns', '100000:65536', ...words);
  t.match(mapped, { code: 0, stdout: /^keelson-init/ });
  const shared = await run('run', '--rm', '--init', '--pid', 'host', ...words);
  t.match(shared, { code: 0, stdout: /^keelson-init/ });
  t.same(await runtime.leftovers(), []);
});
