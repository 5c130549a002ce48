import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import t from 'tap';
import { withoutRoot } from '../skip.ts';
import { OciRuntime, Resident } from './runtime.ts';

t.setTimeout(110_000);

t.test('a resident that is killed is not missed', { skip: withoutRoot }, async (t) => {
  const resident = await Resident.start();
  t.teardown(() => resident[Symbol.asyncDispose]());
  using runtime = new OciRuntime('keelson', { KEELSON_OCI_SOCKET: resident.socket });
  t.equal(runtime.run('create', 'c').code, 0);
  await resident.down('SIGKILL');
  t.equal(runtime.state('c').status, 'created', 'what waits goes on waiting');
  t.equal(runtime.run('start', 'c').code, 0);
  t.equal(runtime.state('c').status, 'running');
  await resident.up();
  t.equal(runtime.run('exec', 'c', 'true').code, 0);
  t.equal(runtime.run('delete', '--force', 'c').code, 0);
});

t.test(
  'a resident that is stopped is passed by, and does nothing twice',
  { skip: withoutRoot },
  async (t) => {
    const resident = await Resident.start();
    t.teardown(() => resident[Symbol.asyncDispose]());
    using runtime = new OciRuntime('keelson', { KEELSON_OCI_SOCKET: resident.socket });
    process.kill(resident.pid, 'SIGSTOP');
    t.equal(runtime.run('run', '--detach', 'c').code, 0);
    process.kill(resident.pid, 'SIGCONT');
    t.equal(runtime.run('delete', '--force', 'c').code, 0);
    t.equal(runtime.run('list', '--quiet').stdout, '');
    t.ok(process.kill(resident.pid, 0), 'a client that went away is not its end');
  },
);

t.test(
  'a container whose maker was killed can be removed, and its name is free',
  { skip: withoutRoot },
  async (t) => {
    using runtime = new OciRuntime('keelson');
    t.equal(runtime.run('create', 'c').code, 0);
    const { pid } = runtime.state('c');
    process.kill(pid, 'SIGKILL');
    t.equal(runtime.run('delete', 'c').code, 0);
    t.equal(runtime.run('create', 'c').code, 0);
    t.equal(runtime.run('delete', '--force', 'c').code, 0);
    t.equal(existsSync(`${runtime.root}/c`), false);
  },
);

t.test(
  'descriptors and the socket-activation variables reach the program',
  { skip: withoutRoot },
  async (t) => {
    using runtime = new OciRuntime('keelson');
    const program = 'echo three >&3; echo four >&4; echo $LISTEN_FDS $LISTEN_PID';
    runtime.configure(['sh', '-c', program]);
    const paths = [3, 4].map((number) => runtime.bundle.path(`fd${number}`));
    const fds = paths.map((path) => openSync(path, 'w'));
    const options = { env: { LISTEN_FDS: '1' }, fds };
    const { code, stdout } = runtime.runWith(options, 'run', '--preserve-fds', '1', 'c');
    fds.forEach((fd) => closeSync(fd));
    t.equal(code, 0);
    t.equal(stdout, '1 1\n');
    t.same(
      paths.map((path) => readFileSync(path, 'utf8')),
      ['three\n', 'four\n'],
    );
    t.equal(runtime.run('run', '--preserve-fds', '7', 'd').code, 1, 'what is not open is refused');
  },
);
