import t from 'tap';
import {
  parseLimit,
  parseMoment,
  parsePairs,
  parseSize,
  parseSpan,
  parseWhole,
} from '../../../src/cli/parse.ts';
import {
  parseDevice,
  parseMount,
  parseTmpfs,
  parseUlimit,
  parseVolume,
} from '../../../src/cli/parse-mount.ts';

t.test('sizes are in units of 1024', async (t) => {
  const sizes = {
    '1': 1,
    '1b': 1,
    '1k': 1024,
    '512m': 536870912,
    '1.5g': 1610612736,
    '1KiB': 1024,
  };
  for (const [text, bytes] of Object.entries(sizes)) t.equal(parseSize(text, '-m'), bytes, text);
  for (const bad of ['', 'm', '-1', '1x', '1mm', '1e3', '0x10', '99999999999g']) {
    t.throws(() => parseSize(bad, '--memory'), /Invalid size ".*" for --memory/, bad);
  }
  t.equal(parseLimit('-1', ''), -1);
});

t.test('numbers are whole and at least their minimum', async (t) => {
  t.equal(parseWhole('-1', '', -1), -1);
  for (const bad of ['', '1.5', 'x', '-1', '1e3', ' 1']) {
    t.throws(() => parseWhole(bad, '--x'), /Invalid number/, bad);
  }
});

t.test('spans and moments are read as Docker reads them', async (t) => {
  t.equal(parseSpan('10', ''), 10_000);
  t.equal(parseSpan('1m30s', ''), 90_000);
  t.equal(parseSpan('1.5h', ''), 5_400_000);
  t.equal(parseSpan('250ms', ''), 250);
  for (const bad of ['', 's', '1x', '10sx', '-1s'])
    t.throws(() => parseSpan(bad, '--t'), /Invalid time/);
  t.equal(parseMoment('10s', '', 20_000), 10_000 * 1e6);
  t.equal(parseMoment('1700000000', '', 0), 1.7e18);
  t.equal(parseMoment('2024-01-01T00:00:00Z', '', 0), Date.UTC(2024, 0, 1) * 1e6);
  t.throws(() => parseMoment('2024-13-01', '--since', 0), /Invalid date "2024-13-01" for --since/);
});

t.test('pairs keep what follows the first equals sign', async (t) => {
  t.same(parsePairs(['a=b=c', 'd', 'e='], '-l'), { a: 'b=c', d: '', e: '' });
  t.throws(() => parsePairs(['=x'], '--label'), /Invalid "=x" for --label/);
});

t.test('volumes are paths of the host with options', async (t) => {
  t.same(parseVolume('/a:/b').mount, { host_path: '/a', container_path: '/b' });
  t.match(parseVolume('/a:/b:ro,rslave').mount, { readonly: true, propagation: 1 });
  t.match(parseVolume('/a:/b:rro').mount, { readonly: true, recursive_read_only: true });
  t.equal(parseVolume('./x:/b').mount?.host_path, `${process.cwd()}/x`);
  t.same(parseVolume('name:/b'), { volume: { name: 'name', path: '/b' } });
  t.match(parseVolume('name:/b:ro,nocopy').volume, { readonly: true, nocopy: true });
  t.same(parseVolume('/a'), { volume: { path: '/a' } });
  t.throws(() => parseVolume('name:/b:rslave'), /Unknown option "rslave"/);
  t.throws(() => parseVolume('name'), /HOST:CONTAINER/);
  t.throws(() => parseVolume(':/b'), /HOST:CONTAINER/);
  t.throws(() => parseVolume('/a:/b:ro:x'), /HOST:CONTAINER/);
  t.throws(() => parseVolume('/a:/b:z'), /Unknown option "z"/);
});

t.test('--mount has keys, and a mistyped one is guessed', async (t) => {
  t.match(parseMount('type=bind,source=/a,target=/b,readonly,bind-propagation=rshared').mount, {
    host_path: '/a',
    container_path: '/b',
    readonly: true,
    propagation: 2,
  });
  t.same(parseMount('type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=700').tmpfs, {
    path: '/t',
    options: ['size=1048576', 'mode=700'],
  });
  t.throws(() => parseMount('type=bind,sorce=/a,target=/b'), /"sorce".*did you mean "source"/);
  t.same(parseMount('type=volume,source=v,target=/b,readonly,volume-nocopy').volume, {
    name: 'v',
    path: '/b',
    readonly: true,
    nocopy: true,
  });
  t.match(parseMount('target=/b').volume, { name: '', path: '/b', readonly: false });
  t.throws(() => parseMount('type=npipe,source=v,target=/b'), /bind, tmpfs or volume/);
  t.throws(() => parseMount('type=bind,source=/a'), /has no target/);
  t.throws(() => parseMount('type=bind,source=a,target=/b'), /absolute source/);
  t.throws(() => parseMount('type=bind,src=/a,dst=/b,bind-propagation=x'), /propagation "x"/);
});

t.test('tmpfs, devices and ulimits', async (t) => {
  t.same(parseTmpfs('/t'), { path: '/t', options: [] });
  t.same(parseTmpfs('/t:size=1m,ro'), { path: '/t', options: ['size=1m', 'ro'] });
  t.same(parseDevice('/dev/a'), {
    host_path: '/dev/a',
    container_path: '/dev/a',
    permissions: 'rwm',
  });
  t.match(parseDevice('/dev/a:/dev/b:r'), { container_path: '/dev/b', permissions: 'r' });
  t.match(parseDevice('/dev/a:rw'), { container_path: '/dev/a', permissions: 'rw' });
  t.throws(() => parseDevice('a'), /Invalid device "a"/);
  t.same(parseUlimit('nofile=1:2'), { type: 'RLIMIT_NOFILE', soft: 1n, hard: 2n });
  t.same(parseUlimit('core=-1'), {
    type: 'RLIMIT_CORE',
    soft: 2n ** 64n - 1n,
    hard: 2n ** 64n - 1n,
  });
  t.throws(() => parseUlimit('nofiles=1'), /did you mean "nofile"/);
  t.throws(() => parseUlimit('nofile=2:1'), /soft limit is above/);
  t.throws(() => parseUlimit('nofile=x'), /Invalid number/);
  t.throws(() => parseUlimit('nofile'), /NAME=SOFT/);
});
