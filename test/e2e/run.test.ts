import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { PrivateRuntime } from './private-runtime.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

// Every step starts a process; on a busy machine that takes its time.
t.setTimeout(300_000);
const runtime = await PrivateRuntime.start();
t.teardown(() => runtime[Symbol.asyncDispose]());
const run = runtime.run.bind(runtime);

t.test('run prints what the program printed, each stream on its own', async (t) => {
  const script = 'echo out; echo err >&2; exit 7';
  const { code, stdout, stderr } = await run('run', '--rm', 'busybox', 'sh', '-c', script);
  t.same({ code, stdout, stderr }, { code: 7, stdout: 'out\n', stderr: 'err\n' });
});

t.test('exit codes tell whose fault it was, in one line, and nothing is left', async (t) => {
  const cases: [number, RegExp, ...string[]][] = [
    [127, /"nosuch" not found/, 'run', '--rm', 'busybox', 'nosuch'],
    [126, /cannot be executed.*EACCES/, 'run', '--rm', 'busybox', '/etc/passwd'],
    [125, /unknown option '--nme'.*--name/, 'run', '--nme', 'x', 'busybox'],
    [125, /not valid/, 'run', 'Bad//Name', 'true'],
    [125, /No such image/, 'run', '--pull', 'never', 'nosuch', 'true'],
    [
      125,
      /Mount source "\/nonexistent"/,
      'run',
      '--rm',
      '-v',
      '/nonexistent:/x',
      'busybox',
      'true',
    ],
    [125, /Unknown capability "FLY"/, 'run', '--rm', '--cap-add', 'FLY', 'busybox', 'true'],
    [125, /no user "nobody-here"/, 'run', '--rm', '-u', 'nobody-here', 'busybox', 'true'],
    [125, /out of range/, 'run', '--rm', '-u', '4294967296', 'busybox', 'true'],
    [125, /Unknown signal/, 'run', '--rm', '--stop-signal', 'NOPE', 'busybox', 'true'],
    [125, /does not exist/, 'run', '--rm', '--device', '/dev/nonexistent', 'busybox', 'true'],
    [125, /Invalid container name/, 'run', '--rm', '--name', '-bad', 'busybox', 'true'],
    [125, /Invalid size "lots"/, 'run', '--rm', '-m', 'lots', 'busybox', 'true'],
    [
      125,
      /"bridge" is none of "none", "host" and "pod"/,
      'run',
      '--rm',
      '--network',
      'bridge',
      'busybox',
      'true',
    ],
    [125, /Cannot read environment file/, 'run', '--rm', '--env-file', '/none', 'busybox', 'true'],
    [125, /Unknown command "rnu".*"run"/, 'rnu'],
    [1, /No such container: nobody/, 'logs', 'nobody'],
    [1, /No such container: nobody/, 'stop', 'nobody'],
    [1, /No such image: nobody/, 'rmi', 'nobody'],
    [1, /Cannot read "\/none"/, 'load', '-i', '/none'],
    [1, /Cannot read "\/none"/, 'import', '/none', 'nobody'],
  ];
  for (const [wanted, message, ...args] of cases) {
    const { code, stderr } = await run(...args);
    t.equal(code, wanted, `${args.join(' ')}: ${stderr}`);
    t.match(stderr, message);
    t.equal(stderr.trimEnd().split('\n').length, 1, 'one line');
  }
  t.same(await runtime.leftovers(), []);
});

t.test('a name in use is refused, and the first one goes on', async (t) => {
  t.equal((await run('run', '-d', '--name', 'taken', 'busybox', 'sleep', '60')).code, 0);
  const second = await run('run', '-d', '--name', 'taken', 'busybox', 'sleep', '60');
  t.equal(second.code, 125);
  t.match(second.stderr, /"taken" is in use by [0-9a-f]{12}/);
  t.match((await run('ps', '--format', '{{.Names}} {{.State}}')).stdout, /^taken running$/m);
  await run('rm', '-f', 'taken');
});

t.test('what a container sees of itself', async (t) => {
  const script = 'hostname; id; pwd; echo $HOME $A; ls /proc | grep -c "^[0-9]"; echo $$';
  const flags = ['--rm', '-h', 'box', '-u', 'worker', '-w', '/tmp', '-e', 'A=b c'];
  const { stdout } = await run('run', ...flags, 'busybox', 'sh', '-c', script);
  const [hostname, id, cwd, environment, , pid] = stdout.split('\n');
  t.equal(hostname, 'box');
  t.match(id, /uid=1000\(worker\) gid=1001\(worker\) groups=.*1002\(extra\)/);
  t.equal(cwd, '/tmp');
  t.equal(environment, '/home/worker b c');
  t.equal(pid, '1');
});

t.test('only lo without a network, and it is up', async (t) => {
  const { stdout } = await run('run', '--rm', 'busybox', 'ip', 'addr');
  t.match(stdout, /1: lo: <LOOPBACK,UP/);
  t.notMatch(stdout, /^2:/m);
});

t.test('mounts: bind, read-only, tmpfs', async (t) => {
  const path = `${runtime.folder}/shared`;
  await writeFile(path, 'from the host\n');
  const mounts = ['-v', `${path}:/data/file:ro`, '--tmpfs', '/scratch:size=1m'];
  const script = 'cat /data/file; echo x > /data/file; mount | grep /scratch';
  const { stdout, stderr } = await run('run', '--rm', ...mounts, 'busybox', 'sh', '-c', script);
  t.match(stdout, /^from the host\n.*size=1024k/);
  t.match(stderr, /Read-only file system/);
  t.equal(await readFile(path, 'utf8'), 'from the host\n');
  const root = await run('run', '--rm', '--read-only', 'busybox', 'touch', '/x');
  t.match(root.stderr, /Read-only file system/);
});

t.test('security: capabilities, no_new_privs and seccomp are as asked', async (t) => {
  const status = async (...flags: string[]): Promise<string> =>
    (await run('run', '--rm', ...flags, 'busybox', 'cat', '/proc/self/status')).stdout;
  const usual = await status();
  t.match(usual, /CapEff:\s+00000000a80425fb/);
  t.match(usual, /CapInh:\s+0000000000000000/);
  t.match(usual, /Seccomp:\s+2/);
  t.match(usual, /NoNewPrivs:\s+0/);
  const strict = await status('--cap-drop', 'ALL', '--security-opt', 'no-new-privileges');
  t.match(strict, /CapEff:\s+0000000000000000/);
  t.match(strict, /NoNewPrivs:\s+1/);
  t.match(await status('--security-opt', 'seccomp=unconfined'), /Seccomp:\s+0/);
  const masked = await run('run', '--rm', 'busybox', 'wc', '-c', '/proc/interrupts');
  t.match(masked.stdout, /^0 /);
});

t.test('standard input reaches the program and ends with it', async (t) => {
  const text = 'line\n'.repeat(200_000);
  const { stdout } = await runtime.runWith(text, 'run', '-i', '--rm', 'busybox', 'wc', '-c');
  t.equal(stdout.trim(), String(text.length));
  const without = await runtime.runWith('ignored', 'run', '--rm', 'busybox', 'cat');
  t.equal(without.stdout, '');
});

t.test('--rm leaves nothing, detached too', async (t) => {
  await run('run', '-d', '--rm', '--name', 'brief', 'busybox', 'sleep', '0.3');
  for (let wait = 0; wait < 50 && (await run('ps', '-aq')).stdout !== ''; wait += 1)
    await sleep(100);
  t.equal((await run('ps', '-aq')).stdout, '');
  t.same(await runtime.leftovers(), []);
});

t.test('an id file is written, and an existing one refused before anything is made', async (t) => {
  const path = `${runtime.folder}/cid`;
  const { stdout } = await run('run', '-d', '--cidfile', path, 'busybox', 'sleep', '60');
  t.equal(await readFile(path, 'utf8'), stdout.trim());
  await run('rm', '-f', stdout.trim());
  const again = await run('run', '--rm', '--cidfile', path, 'busybox', 'true');
  t.equal(again.code, 125);
  t.match(again.stderr, /exists already/);
  const failed = await run('run', '--rm', '--cidfile', `${path}2`, '-u', 'none', 'busybox', 'true');
  t.equal(failed.code, 125);
  t.notOk(existsSync(`${path}2`));
});

t.test('trace shows the steps of a start', async (t) => {
  const { code, stdout, stderr } = await run('trace', 'run', '--rm', 'busybox', 'echo', 'hi');
  t.equal(code, 0);
  t.equal(stdout, 'hi\n');
  for (const step of ['pod', 'snapshot', 'plan', 'create', 'start'])
    t.match(stderr, new RegExp(`^${step} `, 'm'));
});

t.test('no environment value is in the log', async (t) => {
  await run('run', '--rm', '-e', 'TOKEN=s3cr3t-value', 'busybox', 'nosuch');
  const log = await runtime.log;
  t.match(log, /"rpc":"Run"/);
  t.notMatch(log, /s3cr3t-value/);
});
