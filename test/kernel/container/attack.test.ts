/** The attacks on runtimes that are known by number, each performed. */
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import t from 'tap';
import { addon } from '../../../src/kernel/addon.ts';
import { standardMounts, type SpecChange } from './bundle.ts';
import { Scratch } from './scratch.ts';

if (process.getuid?.() !== 0) {
  t.plan(0, 'needs root');
  process.exit();
}

const invalid = { name: 'DomainError', kind: 'invalid' };
const refused = { name: 'DomainError' };

/** A folder of the host that must stay empty, and its path through a root that has been left. */
function forbidden(scratch: Scratch): { folder: string; link: string } {
  const folder = scratch.bundle.path('host');
  mkdirSync(folder);
  return { folder, link: `/../../../../../../../..${folder}` };
}

async function execOutput(scratch: Scratch, id: string, args: readonly string[]): Promise<string> {
  const session = await scratch.engine.exec(id, { args, terminal: false, stdin: false });
  const out = await text(session.stdout);
  await session.exited;
  await session.close();
  return out;
}

async function runSleeper(scratch: Scratch, change: SpecChange = {}): Promise<void> {
  await scratch.engine.create(scratch.bundle.request('victim', ['sleep', '1000'], change));
  await scratch.engine.start('victim');
}

t.test('CVE-2019-5736: the program behind /proc/PID/exe cannot be written', async (t) => {
  await using scratch = new Scratch();
  writeFileSync(join(scratch.bundle.root, 'bin/evil'), '#!/proc/self/exe\n', { mode: 0o755 });
  await runSleeper(scratch);
  const before = readFileSync('native/build/keelson-shim');
  const session = await scratch.engine
    .exec('victim', { args: ['/bin/evil'], terminal: false, stdin: false })
    .catch(() => undefined);
  await session?.exited;
  await session?.close();
  t.ok(readFileSync('native/build/keelson-shim').equals(before));
  const shim = await scratch.engine.findPod('pod');
  t.throws(() => openSync(`/proc/${shim}/exe`, 'r+'), /EPERM|ETXTBSY|EACCES/);
  // Even while nobody runs it: the copy is sealed against everyone.
  const copy = readdirSync(`/proc/${shim}/fd`).find((fd) => {
    return readlinkSync(`/proc/${shim}/fd/${fd}`).startsWith('/memfd:keelson-shim');
  });
  t.throws(() => writeFileSync(`/proc/${shim}/fd/${copy}`, 'x'), /EPERM|ETXTBSY/, 'it is sealed');
});

t.test('CVE-2024-21626: no working directory outside the root', async (t) => {
  await using scratch = new Scratch();
  symlinkSync('/proc/self/fd/64', join(scratch.bundle.root, 'escape'));
  for (const cwd of ['/escape', ...[3, 5, 7, 8, 64, 65, 66, 67].map((n) => `/proc/self/fd/${n}`)]) {
    const change = { process: { cwd } };
    await t.rejects(scratch.run(['pwd'], change), invalid, `create in ${cwd}`);
  }
  for (const { id } of scratch.engine.list()) await scratch.engine.remove(id);
  await runSleeper(scratch);
  for (let fd = 3; fd < 80; fd++) {
    const request = { args: ['pwd'], cwd: `/proc/self/fd/${fd}`, terminal: false, stdin: false };
    await t.rejects(scratch.engine.exec('victim', request), refused, `exec in ${request.cwd}`);
  }
});

t.test('CVE-2016-9962: who enters has no descriptor of the host and is not dumpable', async (t) => {
  await using scratch = new Scratch();
  const map = [{ containerID: 0, hostID: 300_000, size: 1000 }];
  const namespaces = (['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup', 'user'] as const).map(
    (type) => ({ type }),
  );
  const linux = { namespaces, uidMappings: map, gidMappings: map };
  const { pid } = await scratch.engine.create(scratch.bundle.request('v', ['true'], { linux }));
  t.equal(statSync(`/proc/${pid}/environ`).uid, 0, "its files in /proc are the real root's");
  const { out } = await scratch.run(['sh', '-c', 'ls /proc/self/fd']);
  t.same(out.trim().split('\n'), ['0', '1', '2', '3'], 'and ls has opened the folder itself');
});

t.test('CVE-2021-30465, CVE-2019-18837: a link on the way of a mount stays inside', async (t) => {
  await using scratch = new Scratch();
  const { folder, link } = forbidden(scratch);
  symlinkSync(link, join(scratch.bundle.root, 'evil'));
  const source = scratch.bundle.path('source');
  mkdirSync(source);
  writeFileSync(join(source, 'file'), 'content');
  const mount = { destination: '/evil/target', source, options: ['rbind'] };
  const { out } = await scratch.run(['cat', '/evil/target/file'], {
    mounts: [...standardMounts, mount],
  });
  t.equal(out, 'content\n'.trim() + out.slice('content'.length));
  t.same(readdirSync(folder), [], 'the host has nothing new');
});

t.test('CVE-2024-45310: a mount point is made inside, even through a dangling link', async (t) => {
  await using scratch = new Scratch();
  const { folder, link } = forbidden(scratch);
  symlinkSync(`${link}/new`, join(scratch.bundle.root, 'dangling'));
  const source = scratch.bundle.path('file');
  writeFileSync(source, 'bound\n');
  const mount = { destination: '/dangling', source, options: ['bind'] };
  const { out } = await scratch.run(['cat', '/dangling'], { mounts: [...standardMounts, mount] });
  t.equal(out, 'bound\n');
  t.same(readdirSync(folder), []);
  t.ok(existsSync(join(scratch.bundle.root, folder, 'new')), 'it was made within the root');
});

t.test('CVE-2019-19921: /proc and /sys as links are refused', async (t) => {
  for (const name of ['proc', 'sys']) {
    await using scratch = new Scratch();
    symlinkSync('/tmp', join(scratch.bundle.root, name));
    await t.rejects(scratch.run(['true']), { ...invalid, message: /ELOOP/ }, name);
    t.same(scratch.engine.list(), []);
  }
});

t.test('CVE-2019-16884: nothing is mounted over parts of /proc', async (t) => {
  await using scratch = new Scratch();
  for (const destination of ['/proc', '/proc/self', '/proc/sys/kernel', '/tmp/../proc/self/attr']) {
    const mounts = [...standardMounts, { destination, type: 'tmpfs', source: 'tmpfs' }];
    await t.rejects(scratch.run(['true'], { mounts }), invalid, destination);
  }
});

t.test('CVE-2026-41579, CVE-2025-24965: /dev as a link gets no device', async (t) => {
  await using scratch = new Scratch();
  const { folder, link } = forbidden(scratch);
  symlinkSync(link, join(scratch.bundle.root, 'dev'));
  const mounts = standardMounts.filter(({ destination }) => !destination.startsWith('/dev'));
  await t.rejects(scratch.run(['true'], { mounts }), { ...invalid, message: /ELOOP/ });
  t.same(readdirSync(folder), []);
});

t.test('CVE-2025-31133: a link in place of /dev/null masks nothing', async (t) => {
  await using scratch = new Scratch();
  mkdirSync(join(scratch.bundle.root, 'dev'));
  symlinkSync('/proc/sysrq-trigger', join(scratch.bundle.root, 'dev/null'));
  const mounts = standardMounts.filter(({ destination }) => !destination.startsWith('/dev'));
  await t.rejects(scratch.run(['true'], { mounts }), { ...invalid, message: /EEXIST/ });
  const { out } = await scratch.run(['ls', '-l', '/proc/keys']);
  t.match(out, /1, +3/, 'a masked file is the null device');
});

t.test('CVE-2025-52565: a link in place of /dev/console is refused', async (t) => {
  await using scratch = new Scratch();
  mkdirSync(join(scratch.bundle.root, 'dev'));
  symlinkSync('/etc/target', join(scratch.bundle.root, 'dev/console'));
  writeFileSync(join(scratch.bundle.root, 'etc/target'), '');
  const mounts = standardMounts.filter(({ destination }) => destination !== '/dev');
  const change = { mounts, process: { terminal: true } };
  await t.rejects(scratch.run(['true'], change), { ...invalid, message: /ELOOP/ });
});

t.test('CVE-2022-29162, CVE-2022-27650: no inheritable capability, by exec neither', async (t) => {
  await using scratch = new Scratch();
  const set = ['CAP_CHOWN', 'CAP_KILL'];
  const capabilities = { bounding: set, effective: set, permitted: set };
  await runSleeper(scratch, { process: { capabilities } });
  const out = await execOutput(scratch, 'victim', [
    'grep',
    'Cap',
    '/proc/1/status',
    '/proc/self/status',
  ]);
  const sets = [...out.matchAll(/Cap(\w+):\s*([0-9a-f]+)/g)].map(([, name, mask]) => [name, mask]);
  const expected = [
    ['Inh', '0000000000000000'],
    ['Prm', '0000000000000021'],
    ['Eff', '0000000000000021'],
    ['Bnd', '0000000000000021'],
    ['Amb', '0000000000000000'],
  ];
  t.same(sets, [...expected, ...expected]);
});

t.test('CVE-2022-0811: sysctls are of a namespace and have no second line', async (t) => {
  await using scratch = new Scratch();
  for (const sysctl of [
    { 'kernel.core_pattern': '|/bin/evil' },
    { 'net.ipv4.ip_forward': '1\nkernel.core_pattern=|/bin/evil' },
    { 'net/../kernel/core_pattern': 'x' },
    { 'kernel/../../self/attr/current': 'x' },
  ]) {
    await t.rejects(scratch.run(['true'], { linux: { sysctl } }), invalid, JSON.stringify(sysctl));
  }
  const { out } = await scratch.run(['cat', '/proc/sys/net/ipv4/ip_forward'], {
    linux: { sysctl: { 'net.ipv4.ip_forward': '1' } },
  });
  t.equal(out, '1\n');
});

t.test('CVE-2024-40635: user numbers out of range are refused, not wrapped to root', async (t) => {
  await using scratch = new Scratch();
  for (const uid of [-1, 0xffffffff, 0x100000000, 1.5, Number.NaN]) {
    await t.rejects(
      scratch.run(['true'], { process: { user: { uid, gid: 0 } } }),
      invalid,
      `${uid}`,
    );
  }
  await runSleeper(scratch);
  for (const user of ['4294967295', '4294967296', '-1', '1:2:3', '0x0', '1e3', 'nobody here']) {
    const request = { args: ['id'], user, terminal: false, stdin: false };
    await t.rejects(scratch.engine.exec('victim', request), invalid, user);
  }
});

t.test('CVE-2026-47262: a passwd that is no bounded regular file is refused', async (t) => {
  await using scratch = new Scratch();
  const passwd = join(scratch.bundle.root, 'etc/passwd');
  rmSync(passwd);
  symlinkSync('/dev/zero', passwd);
  await runSleeper(scratch);
  const request = { args: ['id'], user: 'somebody', terminal: false, stdin: false };
  await t.rejects(scratch.engine.exec('victim', request), invalid);
  rmSync(passwd);
  writeFileSync(passwd, Buffer.alloc(11 * 1024 * 1024, 'x'));
  await t.rejects(scratch.engine.exec('victim', request), invalid);
});

t.test('CVE-2020-15257: the shim listens on a path of root alone', async (t) => {
  await using scratch = new Scratch();
  await runSleeper(scratch);
  const folder = scratch.engine.podFolder('pod');
  t.equal(statSync(folder).mode & 0o777, 0o700);
  t.equal(statSync(join(folder, 'shim.sock')).mode & 0o777, 0o600);
  t.notMatch(readFileSync('/proc/net/unix', 'utf8'), /@.*keelson/, 'no abstract socket');
});

t.test('CVE-2021-43784: messages whose lengths lie end the connection, not the shim', async (t) => {
  await using scratch = new Scratch();
  await runSleeper(scratch);
  for (const hex of [
    'ffffffff',
    '01000000ffffffff',
    '02000000010000003100feffffff41',
    '0200000001000000310006000000736967',
    '0300000001000000310006000000' + Buffer.from('launch').toString('hex') + '00ffffff7f00',
  ]) {
    const fd = addon.socketConnect(scratch.engine.podFolder('pod'), 'shim.sock');
    addon.messageSend(fd, Buffer.from(hex, 'hex'), []);
    addon.close(fd);
  }
  t.equal(await execOutput(scratch, 'victim', ['echo', 'alive']), 'alive\n');
});

t.test('a user of the machine who reaches the socket gets nothing from it', async (t) => {
  await using scratch = new Scratch();
  await runSleeper(scratch);
  const folder = scratch.engine.podFolder('pod');
  for (const path of [scratch.bundle.folder, scratch.bundle.state, join(folder, '..'), folder]) {
    await promisify(execFile)('chmod', ['755', path]);
  }
  await promisify(execFile)('chmod', ['666', join(folder, 'shim.sock')]);
  const script = `
    import socket, sys
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(sys.argv[1])
    try:
        s.send(bytes.fromhex('0300000001000000310005000000737461746500010000003000'))
        print(len(s.recv(65536)))
    except OSError as error:
        print('refused')`;
  const { stdout } = await promisify(execFile)(
    'python3',
    ['-c', script.replaceAll(/^ {4}/gm, ''), join(folder, 'shim.sock')],
    { uid: 65_534, gid: 65_534 },
  );
  t.match(stdout.trim(), /^(0|refused)$/);
});
