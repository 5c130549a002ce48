import { readlinkSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { openHierarchy } from '../../../src/cgroup/hierarchy.ts';
import { spawn, type SpawnOptions } from '../../../src/index.ts';
import { withoutUserNamespaces } from '../skip.ts';

if (process.getuid?.() !== 0) {
  t.plan(0, 'needs root');
  process.exit();
}

const env = { PATH: '/usr/bin:/bin' };

async function output(options: SpawnOptions): Promise<string> {
  const child = await spawn({ env, ...options });
  child.stdin?.end();
  const [out] = await Promise.all([text(child.stdout ?? process.stdin), child.wait()]);
  return out.trim();
}

t.test('a program runs with its streams, and its exit code is told', async (t) => {
  const child = await spawn({ args: ['sh', '-c', 'cat; echo err >&2; exit 7'], env });
  child.stdin?.end('typed');
  const [out, err, exit] = await Promise.all([
    text(child.stdout ?? process.stdin),
    text(child.stderr ?? process.stdin),
    child.wait(),
  ]);
  t.same([out, err, exit], ['typed', 'err\n', { exitCode: 7 }]);
});

t.test('new namespaces of all kinds are not ours', async (t) => {
  const kinds = ['mnt', 'pid', 'net', 'ipc', 'uts', 'user', 'cgroup', 'time'];
  const out = await output({
    args: ['sh', '-c', `cd /proc/self/ns; readlink ${kinds.join(' ')}; hostname`],
    namespaces: {
      mount: true,
      pid: true,
      network: true,
      ipc: true,
      uts: true,
      user: true,
      cgroup: true,
      time: true,
    },
    uidMap: '0 100000 1000\n',
    gidMap: '0 100000 1000\n',
    hostname: 'inside',
  });
  const lines = out.split('\n');
  kinds.forEach((kind, i) => t.not(lines[i], readlinkSync(`/proc/self/ns/${kind}`), kind));
  t.equal(lines.at(-1), 'inside');
});

t.test('a namespace that is given by path is joined', async (t) => {
  const holder = await spawn({ args: ['sleep', '100'], env, namespaces: { network: true } });
  const path = `/proc/${holder.pid}/ns/net`;
  const out = await output({
    args: ['readlink', '/proc/self/ns/net'],
    namespaces: { network: path },
  });
  t.equal(out, readlinkSync(path));
  using pidfd = await holder.openPidfd();
  t.match(readlinkSync(`/proc/self/fd/${pidfd.fd}`), /pidfd/);
  await holder.signal('TERM');
  t.same(await holder.wait(), { exitCode: 143 });
  await t.rejects(holder.signal('TERM'), { code: 'ESRCH' });
});

t.test('identity, capabilities, limits and cgroup are as asked', async (t) => {
  using hierarchy = openHierarchy();
  const path = `/keelson-spawn-${process.pid}`;
  using cgroup = hierarchy.create(path);
  const out = await output({
    args: [
      'sh',
      '-c',
      'id; ulimit -n; grep -E "Cap(Prm|Bnd)|NoNew" /proc/self/status; cat /proc/self/cgroup',
    ],
    uid: 1234,
    gid: 55,
    groups: [66],
    capabilities: { bounding: ['CAP_KILL'], permitted: ['KILL'] },
    noNewPrivileges: true,
    rlimits: [{ resource: 7, soft: 99n, hard: 100n }],
    cgroup: cgroup.folderPath,
  });
  t.match(out, /^uid=1234 gid=55[^ ]* groups=55[^ ]*|66/);
  t.match(out, /\n99\n/);
  t.match(out, /CapBnd:\s*0000000000000020/);
  t.match(out, /NoNewPrivs:\s*1/);
  t.ok(out.includes(`0::${path}`));
  await hierarchy.remove(path);
});

t.test('a program with a terminal has one', async (t) => {
  const child = await spawn({ args: ['sh', '-c', 'test -t 0 && tty'], env, stdio: 'terminal' });
  t.match(await text(child.stdout ?? process.stdin), /^\/dev\/pts\/\d+/);
  t.same(await child.wait(), { exitCode: 0 });
});

const skip = withoutUserNamespaces();
t.test('a program of a new user namespace has a terminal and controls it', { skip }, async (t) => {
  const child = await spawn({
    args: ['sh', '-c', 'id -u; test -t 2 && echo over > /dev/tty; kill -INT 0; sleep 5'],
    env,
    stdio: 'terminal',
    namespaces: { user: true, mount: true, pid: true },
    uidMap: '0 400000 65536\n',
    gidMap: '0 400000 65536\n',
  });
  t.equal(await text(child.stdout ?? process.stdin), '0\r\nover\r\n');
  await child.wait();
});

t.test('what cannot be started says which call failed', async (t) => {
  await t.rejects(spawn({ args: ['/none'] }), { call: 'execve', code: 'ENOENT', path: '/none' });
  await t.rejects(spawn({ args: ['true'], env, cwd: '/none' }), { call: 'chdir', code: 'ENOENT' });
  await t.rejects(spawn({ args: [] }), { name: 'DomainError', kind: 'invalid' });
  await t.rejects(spawn({ args: ['x'], root: '/' }), { name: 'DomainError', kind: 'invalid' });
});
