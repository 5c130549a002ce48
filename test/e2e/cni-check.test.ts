/** `keelson cni` on a host of its own, with attachments that meet what attachments meet. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { plugins } from '../../cni-plugins/registry.ts';

if (process.getuid?.() !== 0 || !plugins.has('bridge')) {
  t.pass('skipped', { skip: 'needs root and the bridge plugin' });
  process.exit(0);
}
t.setTimeout(300_000);

const host = `kc${process.pid}`;
const folder = t.testdir({ 'net.d': {} });
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const environment = {
  PATH: process.env['PATH'],
  NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
  KEELSON_CNI_CONFIG: join(folder, 'net.d'),
  KEELSON_CNI_CACHE: join(folder, 'results'),
  KEELSON_CNI_PLUGINS: join(folder, 'bin'),
  KEELSON_STATE: join(folder, 'state'),
};

const pod = (id: string) => `/run/netns/${host}${id}`;

function inHost(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    'nsenter',
    [`--net=/run/netns/${host}`, process.execPath, ...args],
    { env: environment, encoding: 'utf8' },
  );
  return { status, stdout, stderr };
}

const cni = (...args: readonly string[]) => inHost(path('../../src/cli/main.ts'), 'cni', ...args);
const attach = (id: string) => inHost(path('attach.ts'), id, pod(id));
const leases = () =>
  readdirSync(join(folder, 'leases/checked')).filter((name) => name.startsWith('10'));

for (const name of ['', 'a', 'b', 'c']) execFileSync('ip', ['netns', 'add', `${host}${name}`]);
t.teardown(() => {
  for (const name of ['', 'a', 'b', 'c']) spawnSync('ip', ['netns', 'delete', `${host}${name}`]);
});
const plugin = {
  type: 'bridge',
  bridge: 'kc0',
  isGateway: true,
  ipam: {
    type: 'host-local',
    dataDir: join(folder, 'leases'),
    ranges: [[{ subnet: '10.208.0.0/24' }]],
  },
};
const network = { cniVersion: '1.1.0', name: 'checked', plugins: [plugin] };
writeFileSync(join(folder, 'net.d/10-checked.conflist'), JSON.stringify(network));

t.test('a machine in order has attachments and no problems', (t) => {
  for (const id of ['a', 'b', 'c']) t.same(attach(id), { status: 0, stdout: '', stderr: '' });
  const listed = cni('list');
  t.match(listed.stdout, new RegExp(`a +eth0 +checked +10\\.208\\.0\\.2 +${pod('a')}\n`));
  const checked = cni('check', '-o', 'json');
  t.same([checked.status, checked.stdout, checked.stderr], [0, '[]\n', '']);
  t.end();
});

t.test('each thing that went wrong is named', (t) => {
  execFileSync('ip', ['-n', `${host}a`, 'address', 'flush', 'dev', 'eth0']);
  execFileSync('ip', ['netns', 'delete', `${host}b`]);
  rmSync(join(folder, 'leases/checked/10.208.0.4'));
  const orphan = join(folder, 'leases/checked/10.208.0.99');
  writeFileSync(orphan, 'nobody\r\neth0');
  utimesSync(orphan, 0, 0);
  const { status, stdout } = cni('check');
  t.equal(status, 1);
  t.match(stdout, /checked +a +eth0 +\S/, 'the kernel lacks an address');
  t.match(stdout, /checked +b +eth0 +its namespace ".*b" is gone/);
  t.match(stdout, /checked +c +eth0 +its address 10\.208\.0\.4 has no lease/);
  t.match(stdout, /checked +nobody +eth0 +address 10\.208\.0\.99 is given to an attachment/);
  t.end();
});

t.test('a repair puts right what can be, and names what cannot', (t) => {
  const { status, stdout } = cni('check', '--repair', '-o', 'json');
  t.equal(status, 1);
  t.match(JSON.parse(stdout), [{ Container: 'a' }]);
  t.equal(JSON.parse(stdout).length, 1);
  t.same(leases(), ['10.208.0.2', '10.208.0.4']);
  t.equal(readdirSync(join(folder, 'results')).length, 2);
  t.end();
});

t.test('after a reboot one call cleans up', (t) => {
  for (const id of ['a', 'c']) execFileSync('ip', ['netns', 'delete', `${host}${id}`]);
  rmSync(join(folder, 'state'), { recursive: true });
  t.same(cni('gc'), { status: 0, stdout: '', stderr: '' });
  t.same([leases(), readdirSync(join(folder, 'results'))], [[], []]);
  t.end();
});
