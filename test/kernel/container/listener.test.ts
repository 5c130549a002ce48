/** Seccomp notifications, with an agent that is a program of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import t from 'tap';
import type { Seccomp } from '../../../src/container/spec-linux.ts';
import { Scratch } from './scratch.ts';

if (process.getuid?.() !== 0) {
  t.plan(0, 'needs root');
  process.exit();
}

/**
 * Takes states, one a connection, and answers each notification with an errno: EADDRNOTAVAIL. The
 * numbers are SECCOMP_IOCTL_NOTIF_RECV and _SEND.
 */
const program = `
import array, fcntl, json, os, socket, struct, sys, threading
def serve(connection):
    text, fds, flags, _ = socket.recv_fds(connection, 65536, 4)
    while True:
        more = connection.recv(65536)
        if not more: break
        text += more
    print(json.dumps({'state': json.loads(text), 'fds': len(fds)}), flush=True)
    while True:
        request = bytearray(80)
        try: fcntl.ioctl(fds[0], 0xc0502100, request)
        except OSError: return
        cookie, pid = struct.unpack_from('=QI', request)
        fcntl.ioctl(fds[0], 0xc0182101, bytearray(struct.pack('=QqiI', cookie, 0, -99, 0)))
listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
listener.bind(sys.argv[1])
listener.listen(8)
print('ready', flush=True)
while True:
    connection, _ = listener.accept()
    threading.Thread(target=serve, args=(connection,), daemon=True).start()
`;

interface Told {
  readonly fds: number;
  readonly state: {
    readonly pid: number;
    readonly fds: readonly string[];
    readonly metadata?: string;
    readonly state: Record<string, unknown>;
  };
}

class Agent implements AsyncDisposable {
  readonly #child;
  #out = '';

  private constructor(path: string) {
    this.#child = spawn('python3', ['-c', program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child.stdout.setEncoding('utf8').on('data', (chunk: string) => (this.#out += chunk));
  }

  static async start(path: string): Promise<Agent> {
    const agent = new Agent(path);
    await once(agent.#child.stdout, 'data');
    return agent;
  }

  get told(): Told[] {
    const lines = this.#out.split('\n').slice(1, -1);
    return lines.map((line) => JSON.parse(line) as Told);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await once(this.#child, 'close');
  }
}

function profile(listenerPath: string, change: Partial<Seccomp> = {}): Seccomp {
  const rule = { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_NOTIFY' };
  const listenerMetadata = 'for "the agent"';
  const seccomp = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [rule] };
  return { ...seccomp, listenerPath, listenerMetadata, ...change };
}

for (const noNewPrivileges of [true, false]) {
  t.test(`an agent gets the state and answers, no_new_privs ${noNewPrivileges}`, async (t) => {
    await using scratch = new Scratch();
    const path = scratch.bundle.path('agent.sock');
    await using agent = await Agent.start(path);
    const request = scratch.bundle.request('c', ['sh', '-c', 'mkdir /tmp/x; sleep 1000'], {
      linux: { seccomp: profile(path) },
      process: { noNewPrivileges },
      annotations: { colour: 'blue' },
    });
    await scratch.engine.create(request);
    const { pid } = await scratch.engine.start('c');
    const session = await scratch.engine.exec('c', {
      args: ['mkdir', '/tmp/y'],
      terminal: false,
      stdin: false,
    });
    t.match(await text(session.stderr ?? session.stdout), /Cannot assign requested address/);
    await session.close();
    t.match(scratch.log('c', 'stderr'), /Cannot assign requested address/);
    const [first, second] = agent.told;
    t.match(first, {
      fds: 1,
      state: { ociVersion: '1.3.0', pid, fds: ['seccompFd'], metadata: 'for "the agent"' },
    });
    const bundle = scratch.engine.podFolder('pod').replace('pods/pod', 'containers/c');
    const own = { id: 'c', pid, bundle, status: 'created', annotations: { colour: 'blue' } };
    t.match(first?.state.state, own);
    t.match(second?.state.state, { id: 'c', status: 'running' }, 'an exec has a state of its own');
    t.not(second?.state.pid, pid);
    await scratch.engine.remove('c');
  });
}

t.test('in a user namespace the agent is reached all the same', async (t) => {
  await using scratch = new Scratch();
  const path = scratch.bundle.path('agent.sock');
  await using agent = await Agent.start(path);
  const map = [{ containerID: 0, hostID: 300_000, size: 65_536 }];
  const kinds = ['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup', 'user'] as const;
  const { err } = await scratch.run(['mkdir', '/tmp/x'], {
    linux: {
      seccomp: profile(path),
      namespaces: kinds.map((type) => ({ type })),
      uidMappings: map,
      gidMappings: map,
    },
  });
  t.match(err, /Cannot assign requested address/);
  t.equal(agent.told.length, 1);
});

t.test('without an agent, or with a profile that makes no sense, nothing is made', async (t) => {
  await using scratch = new Scratch();
  const path = scratch.bundle.path('agent.sock');
  const sendmsg = [{ names: ['sendmsg'], action: 'SCMP_ACT_NOTIFY' }];
  const { listenerPath: _, ...unheard } = profile(path);
  const cases: readonly [Seccomp, RegExp][] = [
    [profile(path), /agent\.sock: ENOENT/],
    [profile('agent.sock'), /is not absolute/],
    [profile(path, { syscalls: sendmsg }), /"sendmsg"/],
    [unheard, /listenerPath/],
    [profile(scratch.bundle.root), /ECONNREFUSED/],
  ];
  for (const [seccomp, message] of cases) {
    const change = { linux: { seccomp } };
    await t.rejects(scratch.run(['true'], change), { name: 'DomainError', message });
    t.same(scratch.engine.list(), []);
  }
});

t.test('a path that no rule hands calls to is ignored', async (t) => {
  await using scratch = new Scratch();
  const seccomp = { defaultAction: 'SCMP_ACT_ALLOW', listenerPath: '/no/such/socket' };
  t.match(await scratch.run(['true'], { linux: { seccomp } }), { exitCode: 0 });
});
