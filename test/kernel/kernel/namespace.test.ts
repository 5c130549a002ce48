import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import {
  createNamespace,
  createNamespaces,
  listNamespaces,
  namespaceKinds,
  openNamespace,
  openNamespaceOf,
  parseMountinfo,
  pinNewNetwork,
  setns,
  unpinNamespace,
  unshare,
  CloneFlag,
  type NamespaceKind,
} from '../../../src/index.ts';
import { failureOf } from '../failure.ts';
import { scratch } from '../scratch.ts';
import { withoutNamespace, withoutRoot, withoutUserNamespaces } from '../skip.ts';

const maps = {
  uidMap: [{ containerId: 0, hostId: 100_000, size: 65_536 }],
  gidMap: [{ containerId: 0, hostId: 200_000, size: 65_536 }],
};
const ownInode = (kind: NamespaceKind) =>
  BigInt(/\d+/.exec(readlinkSync(`/proc/self/ns/${kind}`))?.[0] ?? 0);
/** The kinds that this kernel has. */
const kinds = namespaceKinds.filter((kind) => existsSync(`/proc/self/ns/${kind}`));
const own = () => kinds.map(ownInode);
const program = (file: string, arguments_: string[]) =>
  execFileSync(file, arguments_, { encoding: 'utf8' });

const failure = (...request: Parameters<typeof createNamespaces>) =>
  failureOf(() => createNamespaces(...request));
/** How many descriptors and threads this process has. */
const held = () => [readdirSync('/proc/self/fd').length, readdirSync('/proc/self/task').length];

t.test('new namespaces differ from ours, and ours stay', { skip: withoutRoot }, async (t) => {
  const before = own();
  for (const kind of kinds.filter((each) => each !== 'pid' && each !== 'user')) {
    using created = await createNamespace(kind);
    t.equal(created.kind, kind);
    t.not(created.inode, ownInode(kind), kind);
  }
  t.same(own(), before);
});

t.test('a pinned network namespace is joined by nsenter', { skip: withoutRoot }, async (t) => {
  const path = `${scratch(t).path}/net`;
  await pinNewNetwork(path);
  t.teardown(() => unpinNamespace(path));
  t.match(program('nsenter', [`--net=${path}`, 'cat', '/proc/net/dev']), /lo:/);
  using opened = openNamespace(path, 'net');
  const inside = program('nsenter', [`--net=${path}`, 'readlink', '/proc/self/ns/net']);
  t.equal(inside.trim(), `net:[${opened.inode}]`);
});

t.test('a pinned mount namespace does not see later mounts', { skip: withoutRoot }, async (t) => {
  const { path } = scratch(t);
  const pins = { mnt: `${path}/mnt`, net: `${path}/net`, uts: `${path}/uts` };
  const created = await createNamespaces({ kinds: pins });
  for (const pin of Object.values(pins)) t.teardown(() => unpinNamespace(pin));
  for (const each of Object.values(created)) each.close();
  const seen = parseMountinfo(
    program('nsenter', [`--mount=${pins.mnt}`, 'cat', '/proc/self/mountinfo']),
  );
  t.same(
    seen.filter((mount) => mount.mountPoint.startsWith(path)),
    [],
  );
  t.ok(seen.length > 0);
  t.ok(seen.every((mount) => mount.shared === undefined && mount.master === undefined));
});

t.test(
  'a user namespace has its maps and owns the others',
  { skip: withoutUserNamespaces() },
  async (t) => {
    const { path } = scratch(t);
    const pins = { user: `${path}/user`, net: `${path}/net`, mnt: `${path}/mnt`, ipc: undefined };
    const { user, net, mnt, ipc } = await createNamespaces({ kinds: pins, ...maps });
    for (const pin of [pins.user, pins.net, pins.mnt]) t.teardown(() => unpinNamespace(pin));
    if (!user || !net || !mnt || !ipc) throw new Error('one is missing');
    for (const each of [net, mnt, ipc]) {
      using owner = each.owner();
      t.ok(owner.is(user), each.kind);
    }
    t.equal(user.ownerUid(), 0);
    using parent = user.parent();
    t.equal(parent.inode, ownInode('user'));
    const map = program('nsenter', [`--user=${pins.user}`, 'cat', '/proc/self/uid_map']);
    t.match(map, /^\s*0\s+100000\s+65536\n$/);
    for (const each of [user, net, mnt, ipc]) each.close();
  },
);

t.test('clocks of a time namespace are ahead', { skip: withoutNamespace('time') }, async (t) => {
  const path = `${scratch(t).path}/time`;
  const offsets = {
    monotonic: { seconds: 1000, nanoseconds: 5 },
    boottime: { seconds: 1_000_000, nanoseconds: 0 },
  };
  const created = await createNamespaces({ kinds: { time: path }, offsets });
  t.teardown(() => unpinNamespace(path));
  created.time?.close();
  const inside = Number.parseFloat(program('nsenter', [`--time=${path}`, 'cat', '/proc/uptime']));
  const ahead = inside - Number.parseFloat(readFileSync('/proc/uptime', 'utf8'));
  t.ok(Math.abs(ahead - 1_000_000) < 60, `${ahead} seconds ahead`);
});

t.test('when one pin fails, none is left', { skip: withoutRoot }, async (t) => {
  const { path } = scratch(t);
  writeFileSync(`${path}/taken`, 'kept');
  await t.rejects(createNamespaces({ kinds: { ipc: `${path}/ipc`, net: `${path}/taken` } }), {
    call: 'open',
    code: 'EEXIST',
    path: `${path}/taken`,
  });
  t.notOk(existsSync(`${path}/ipc`));
  t.equal(readFileSync(`${path}/taken`, 'utf8'), 'kept');
  await t.rejects(pinNewNetwork(`${path}/no/folder`), { code: 'ENOENT' });
});

t.test('what cannot be made says so', { skip: withoutRoot }, async (t) => {
  const { path } = scratch(t);
  t.match(await failure({ kinds: { pid: `${path}/pid` } }), {
    kind: 'unsupported',
    message: /use spawn/,
  });
  t.match(await failure({ kinds: { user: undefined } }), { kind: 'invalid', message: /uidMap/ });
  t.match(await failure({ kinds: {} }), { kind: 'invalid' });
  t.match(await failure({ kinds: { net: undefined }, offsets: {} }), { kind: 'invalid' });
});

t.test(
  'maps that the kernel refuses leave nothing',
  { skip: withoutUserNamespaces() },
  async (t) => {
    const empty = [{ containerId: 0, hostId: 0, size: 0 }];
    t.match(await failure({ kinds: { user: undefined }, uidMap: empty, gidMap: empty }), {
      call: 'write',
      path: /gid_map/,
    });
  },
);

t.test(
  'unpin succeeds when the pin or the file is already gone',
  { skip: withoutRoot },
  async (t) => {
    const { path } = scratch(t);
    await pinNewNetwork(`${path}/net`);
    unpinNamespace(`${path}/net`);
    t.notOk(existsSync(`${path}/net`));
    unpinNamespace(`${path}/net`);
    writeFileSync(`${path}/plain`, '');
    unpinNamespace(`${path}/plain`);
    t.notOk(existsSync(`${path}/plain`));
  },
);

t.test('only a namespace of the right kind is opened', { skip: withoutRoot }, async (t) => {
  const { path } = scratch(t);
  writeFileSync(`${path}/plain`, '');
  t.throws(() => openNamespace(`${path}/plain`), {
    message: `File "${path}/plain" is no namespace`,
  });
  t.throws(() => openNamespace('/proc/self/ns/uts', 'net'), {
    message: /is a uts namespace, no net/,
  });
  t.match(await failureOf(() => openNamespaceOf(2 ** 30, 'net')), { kind: 'notFound' });
  using uts = openNamespaceOf(process.pid, 'uts');
  t.throws(() => uts.parent(), { call: 'ioctl NS_GET_PARENT', code: 'EINVAL' });
});

t.test('the list agrees with lsns and knows pins', { skip: withoutRoot }, async (t) => {
  const path = `${scratch(t).path}/net pin`;
  const sleeper = spawn('unshare', ['--net', '--uts', 'sleep', '60']);
  t.teardown(() => sleeper.kill('SIGKILL'));
  while (readlinkSync(`/proc/${sleeper.pid}/ns/uts`) === readlinkSync('/proc/self/ns/uts')) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await pinNewNetwork(path);
  t.teardown(() => unpinNamespace(path));
  const ours = await listNamespaces();
  const made = ours.find((each) => each.kind === 'uts' && each.pid === sleeper.pid);
  t.match(made, { processes: 1, uid: 0, command: 'sleep 60', pins: [] });
  const pinned = ours.find((each) => each.pins.includes(path));
  t.match(pinned, { kind: 'net', processes: 0, command: '' });
  // Other tests start processes at the same time, so only the one of ours is compared exactly.
  const rows = program('lsns', ['-n', '-r', '-o', 'NS,TYPE,NPROCS,PID']).trim().split('\n');
  t.ok(rows.includes(`${made?.inode} uts 1 ${sleeper.pid}`));
  t.ok((await listNamespaces('ipc')).every((each) => each.kind === 'ipc'));
});

t.test('the raw calls say what a process with threads cannot', { skip: withoutRoot }, async (t) => {
  t.throws(() => unshare(CloneFlag.user), { call: 'unshare', code: 'EINVAL' });
  using mnt = openNamespaceOf(process.pid, 'mnt');
  t.throws(() => setns(mnt.fd, CloneFlag.mnt), { call: 'setns', code: 'EINVAL' });
  using user = openNamespaceOf(process.pid, 'user');
  t.throws(() => setns(user.fd, CloneFlag.user), { call: 'setns', code: 'EINVAL' });
});

t.test(
  '500 namespaces leave no descriptor or process behind',
  { skip: withoutUserNamespaces() },
  async (t) => {
    await createNamespaces({ kinds: { user: undefined, uts: undefined }, ...maps });
    const before = held();
    for (let i = 0; i < 250; i++) {
      const created = await createNamespaces({
        kinds: { user: undefined, uts: undefined },
        ...maps,
      });
      for (const each of Object.values(created)) each.close();
      (await createNamespace('ipc')).close();
    }
    // Pipes of other tests' processes close meanwhile, and the last thread may still be ending.
    for (const [index, count] of held().entries()) t.ok(count <= (before[index] ?? 0) + 1);
    t.equal(readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8'), '');
  },
);
