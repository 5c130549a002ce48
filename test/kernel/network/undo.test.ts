import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { HostChange } from '../../../src/base/host-change.ts';
import { Ledger } from '../../../src/base/ledger.ts';
import { readMounts } from '../../../src/kernel/mountinfo.ts';
import { undoChange, type Undone } from '../../../src/network/undo-changes.ts';
import { skip, TestNamespace } from '../netlink/namespace.ts';
import { scratch } from '../scratch.ts';

const undoHere = new URL('undo-here.ts', import.meta.url).pathname;
const protocol = 75;

function undo(host: TestNamespace, folder: string): Undone {
  const args = ['--disable-warning=ExperimentalWarning', undoHere, folder];
  return JSON.parse(host.exec(process.execPath, ...args)) as Undone;
}

function ruleset(host: TestNamespace): string {
  return host.exec('nft', 'list', 'ruleset');
}

t.test('undoing takes back what was recorded and nothing else', { skip }, async (t) => {
  using host = new TestNamespace();
  const { path } = scratch(t);
  const folder = join(path, 'ledger');
  host.ip('link', 'set', 'lo', 'up');
  host.exec('nft', 'add', 'table', 'inet', 'others');
  host.ip('route', 'add', '10.9.0.0/24', 'dev', 'lo', 'proto', '76');
  host.ip('rule', 'add', 'from', '10.9.0.0/24', 'table', '900', 'proto', '76');
  writeFileSync(join(path, 'former'), 'as it was');
  mkdirSync(join(path, 'shared'));
  const read = () => host.exec('sysctl', '-n', 'net.ipv4.ip_forward').trim();
  // A new namespace has the host's, which may be what we write.
  host.exec('sysctl', '-qw', 'net.ipv4.ip_forward=0');
  const before = { rules: ruleset(host), sysctl: read() };

  const changes: readonly HostChange[] = [
    { kind: 'sysctl', name: 'net/ipv4/ip_forward', former: before.sysctl, value: '1' },
    { kind: 'sysctl', name: 'net/ipv4/conf/lo/rp_filter', former: '1', value: '7' },
    { kind: 'sysctl', name: 'net/ipv4/conf/gone0/rp_filter', former: '1', value: '0' },
    { kind: 'table', family: 'inet', name: 'keelson_test' },
    { kind: 'table', family: 'inet', name: 'keelson_never' },
    { kind: 'link', name: 'keelson.vx' },
    { kind: 'link', name: 'never0' },
    { kind: 'routes', protocol },
    { kind: 'rules', protocol },
    { kind: 'file', path: join(path, 'made') },
    { kind: 'file', path: join(path, 'former'), former: 'as it was' },
    { kind: 'folder', path: join(path, 'whole'), whole: true },
    { kind: 'folder', path: join(path, 'shared'), whole: false },
    { kind: 'cgroup', path: join(path, 'never') },
    { kind: 'mount', path: join(path, 'never') },
    { kind: 'mounts', path: join(path, 'volumes') },
  ];
  {
    await using ledger = await Ledger.open(folder, 'network');
    await ledger.record(...changes);
  }
  host.exec('sysctl', '-qw', 'net.ipv4.ip_forward=1');
  host.exec('nft', 'add', 'table', 'inet', 'keelson_test');
  host.ip('link', 'add', 'keelson.vx', 'type', 'vxlan', 'id', '7', 'dstport', '4789');
  host.ip('route', 'add', '10.8.0.0/24', 'dev', 'lo', 'proto', `${protocol}`, 'metric', '5');
  host.ip('-6', 'route', 'add', 'fd08::/64', 'dev', 'lo', 'proto', `${protocol}`);
  host.ip('rule', 'add', 'from', '10.8.0.0/24', 'table', '901', 'proto', `${protocol}`);
  writeFileSync(join(path, 'made'), 'by us');
  writeFileSync(join(path, 'former'), 'by us');
  mkdirSync(join(path, 'whole', 'below'), { recursive: true });
  writeFileSync(join(path, 'shared', 'another'), '');

  const { undone, problems } = undo(host, folder);
  t.same(problems, []);
  t.equal(undone.length, changes.length);
  t.same({ rules: ruleset(host), sysctl: read() }, before);
  t.match(host.ip('route', 'show', 'table', 'all'), '10.9.0.0/24');
  t.notMatch(host.ip('route', 'show', 'table', 'all'), '10.8.0.0/24');
  t.notMatch(host.ip('-6', 'route', 'show', 'table', 'all'), 'fd08::');
  t.match(host.ip('rule', 'show'), '10.9.0.0/24');
  t.notMatch(host.ip('rule', 'show'), '10.8.0.0/24');
  t.notMatch(host.ip('link', 'show'), 'keelson.vx');
  t.notOk(existsSync(join(path, 'made')) || existsSync(join(path, 'whole')));
  t.equal(readFileSync(join(path, 'former'), 'utf8'), 'as it was');
  t.ok(existsSync(join(path, 'shared', 'another')), "a folder that holds others' is left");
  t.notOk(existsSync(folder), 'the ledger goes when nothing is left of it');
  t.same(undo(host, folder), { undone: [], problems: [] }, 'and undoing twice does no harm');
});

t.test('mounts below a folder go, the others stay', { skip }, async (t) => {
  const { path } = scratch(t);
  const [folder, other] = [join(path, 'pods'), join(path, 'pods-of-others')];
  const places = [join(folder, 'a'), join(folder, 'a', 'within'), other];
  t.teardown(() => places.toReversed().forEach((place) => spawnSync('umount', ['-l', place])));
  for (const place of places) {
    mkdirSync(place, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', 'keelson-test', place]);
  }
  await undoChange({ kind: 'mounts', path: folder });
  const left = () =>
    readMounts().flatMap(({ mountPoint }) => (mountPoint.startsWith(path) ? [mountPoint] : []));
  t.same(left(), [other]);
  await undoChange({ kind: 'mounts', path: folder });
  t.same(left(), [other], 'again');
});

t.test('what cannot be undone is told and stays on record', { skip }, async (t) => {
  using host = new TestNamespace();
  const { path } = scratch(t);
  const folder = join(path, 'ledger');
  writeFileSync(join(path, 'file'), '');
  const stuck: HostChange = { kind: 'file', path: join(path, 'file', 'below'), former: 'x' };
  {
    await using ledger = await Ledger.open(folder, 'network');
    await ledger.record({ kind: 'link', name: 'keelson.vx' }, stuck);
  }
  host.ip('link', 'add', 'keelson.vx', 'type', 'bridge');
  const { undone, problems } = undo(host, folder);
  t.same(undone, [{ kind: 'link', name: 'keelson.vx' }], 'the others are undone');
  t.match(problems, [{ change: stuck, reason: /ENOTDIR/ }]);
  t.ok(existsSync(folder));
});
