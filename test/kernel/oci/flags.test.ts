/** What flags of runc do here, each by its effect. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { withoutRoot } from '../skip.ts';
import { OciRuntime, program } from './runtime.ts';
import { until } from '../../until.ts';

t.setTimeout(240_000);

const skip = withoutRoot;
const withoutKeyrings =
  skip ||
  ((!existsSync('/proc/keys') || process.arch !== 'x64') &&
    'needs /proc/keys, and x64 for its call');

function scratch(t: Test): OciRuntime {
  const runtime = new OciRuntime('keelson');
  t.teardown(() => runtime[Symbol.dispose]());
  return runtime;
}

/** Of an orphan this is the process that it came to. */
function parentOf(pid: number): string | undefined {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[1];
}

/** Takes one descriptor at a socket, and tells the word and what the descriptor is. */
const receiver = `
import socket, sys
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(1); print('ready', flush=True)
c, _ = s.accept(); word, fds, _, _ = socket.recv_fds(c, 100, 1)
for line in open(f'/proc/self/fdinfo/{fds[0]}'):
    if line.startswith('Pid:'): print(word.decode(), line.split()[1], flush=True)`;

t.test('--pidfd-socket gets a pidfd of the process', { skip }, async (t) => {
  const runtime = scratch(t);
  for (const [word, ...words] of [
    ['standard', 'create'],
    ['setns', 'exec', '--detach'],
  ]) {
    const path = runtime.bundle.path(`${word}.sock`);
    const child = spawn('python3', ['-c', receiver, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (text: Buffer) => (said += text.toString()));
    t.ok(await until(() => said.includes('ready')));
    const ended = once(child, 'exit');
    const flags = ['--pidfd-socket', path, '--pid-file', 'pid'];
    const sleep = word === 'setns' ? ['sleep', '1000'] : [];
    t.match(runtime.run(...words, ...flags, 'c', ...sleep), { code: 0, stderr: '' });
    await ended;
    const pid = readFileSync(runtime.bundle.path('pid'), 'utf8');
    t.equal(said, `ready\n${word} ${pid}\n`);
    if (word === 'standard') t.equal(runtime.run('start', 'c').code, 0);
  }
  t.equal(runtime.run('delete', '--force', 'c').code, 0);
  const path = runtime.bundle.path('nobody.sock');
  const lost = runtime.run('run', '--detach', '--pidfd-socket', path, 'd');
  t.match(lost, { code: 1, stderr: /pidfd socket .*nobody.sock: no such file/ });
  t.equal(runtime.run('state', 'd').code, 1, 'nothing is left of it');
});

t.test('--no-pivot enters the root by chroot, and execs find it', { skip }, async (t) => {
  const runtime = scratch(t);
  const hooks = { createContainer: [{ path: '/bin/true' }] };
  for (const change of [{}, { hooks }]) {
    runtime.configure(['sh', '-c', 'ls /; exec sleep 1000'], change);
    t.equal(runtime.run('run', '--detach', '--no-pivot', 'c').code, 0);
    const inside = runtime.run('exec', 'c', 'ls', '/').stdout;
    t.match(inside, /^bin$/m);
    t.notMatch(inside, /^boot$/m, 'not the machine’s');
    const { pid } = runtime.state('c');
    t.equal(readFileSync(`/proc/${pid}/root/proc/1/comm`, 'utf8'), 'sleep\n', 'its own /proc');
    // What a pivot detaches is still mounted there, beneath.
    const mounts = readFileSync(`/proc/${pid}/mountinfo`, 'utf8').trim().split('\n').length;
    t.equal(runtime.run('delete', '--force', 'c').code, 0);
    t.equal(runtime.run('run', '--detach', 'c').code, 0);
    const pivoted = readFileSync(`/proc/${runtime.state('c').pid}/mountinfo`, 'utf8');
    t.ok(pivoted.trim().split('\n').length <= mounts);
    t.equal(runtime.run('delete', '--force', 'c').code, 0);
  }
});

t.test(
  '--no-new-keyring keeps the caller’s keyring, else each has its own',
  { skip: withoutKeyrings },
  async (t) => {
    const runtime = scratch(t);
    const linux = { maskedPaths: [] };
    // The caller's can be seen by who has it alone.
    const name = `keelson-test-${process.pid}`;
    const join = `import ctypes, os, sys; call = ctypes.CDLL(None).syscall
key = call(250, 1, b"${name}"); call(250, 5, key, 0x3f000000)
os.execvp(sys.argv[1], sys.argv[1:])`;
    const sees = (...words: string[]): boolean => {
      const args = ['-c', join, program, '--root', runtime.root, ...words];
      const env = { ...process.env, KEELSON_OCI_ALONE: '1' };
      const { stdout } = spawnSync('python3', args, {
        cwd: runtime.bundle.folder,
        encoding: 'utf8',
        env,
      });
      t.match(stdout, /keyring/, words.join(' '));
      return stdout.includes(name);
    };
    for (const flags of [[], ['--no-new-keyring']]) {
      const kept = flags.length > 0;
      runtime.configure(['cat', '/proc/keys'], { linux });
      t.equal(sees('run', ...flags, 'c'), kept);
      runtime.configure(['sleep', '1000'], { linux });
      t.equal(runtime.run('run', '--detach', ...flags, 'c').code, 0);
      t.equal(sees('exec', 'c', 'cat', '/proc/keys'), kept);
      t.equal(runtime.run('delete', '--force', 'c').code, 0);
    }
  },
);

t.test('who stays adopts orphans, unless --no-subreaper', { skip }, async (t) => {
  const runtime = scratch(t);
  // Without a PID namespace an orphan goes to the nearest process that adopts.
  const orphan = '(sleep 1001 & echo $!); echo left; exec sleep 1000';
  const namespaces = [{ type: 'mount' }, { type: 'uts' }] as const;
  runtime.configure(['sh', '-c', orphan], { linux: { namespaces } });
  for (const flags of [[], ['--no-subreaper']]) {
    const client = runtime.begin('run', ...flags, 'c');
    let said = '';
    client.stdout?.on('data', (text: Buffer) => (said += text.toString()));
    const ended = once(client, 'exit');
    // Once the shell goes on, the one in between has ended, and its child has another parent.
    t.ok(await until(() => said.endsWith('left\n') || client.exitCode !== null));
    t.equal(Number(parentOf(parseInt(said, 10))) === client.pid, flags.length === 0);
    t.equal(runtime.run('delete', '--force', 'c').code, 0);
    await ended;
  }
});

t.test('--debug tells what is done; what cannot be heeded is refused', { skip }, async (t) => {
  const runtime = scratch(t);
  t.equal(runtime.run('list').code, 0);
  t.same(runtime.takeLog(), []);
  t.equal(runtime.run('--debug', 'list').code, 0);
  t.match(runtime.takeLog(), [/^list, in \//, 'list is planned']);
  t.match(runtime.run('--rootless', 'true', 'list'), { code: 1, stderr: /keelson runs as root/ });
  t.match(runtime.run('--criu', '/sbin/criu', 'list'), { code: 1, stderr: /checkpointed/ });
  for (const rootless of ['auto', 'false']) {
    t.equal(runtime.run('--rootless', rootless, 'list').code, 0);
  }
});

t.test('a failing poststart hook stops the container', { skip }, async (t) => {
  const runtime = scratch(t);
  const mark = runtime.bundle.path('poststop');
  const hooks = {
    poststart: [{ path: '/bin/sh', args: ['sh', '-c', 'exit 3'] }],
    poststop: [{ path: '/bin/touch', args: ['touch', mark] }],
  };
  runtime.configure(['sleep', '1000'], { hooks });
  t.equal(runtime.run('create', 'c').code, 0);
  t.match(runtime.run('start', 'c'), { code: 1, stderr: /Hook .* exited with 3/ });
  t.equal(runtime.state('c').status, 'stopped');
  t.notOk(existsSync(mark), 'poststop is for delete');
  t.equal(runtime.run('delete', 'c').code, 0);
  t.ok(existsSync(mark));
  t.match(runtime.run('run', '--detach', 'd'), { code: 1, stderr: /Hook .* exited with 3/ });
  t.equal(runtime.run('state', 'd').code, 1, 'run leaves nothing');
});
