import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

if (process.getuid?.() !== 0) {
  t.plan(0, 'needs root');
  process.exit();
}

const main = fileURLToPath(new URL('../../cni-plugins/main.ts', import.meta.url));
const name = `undo${process.pid}`;
const ip = (...args: readonly string[]) => execFileSync('ip', args, { encoding: 'utf8' });

t.before(() => {
  ip('netns', 'add', `${name}h`);
  ip('netns', 'add', `${name}c`);
});
t.teardown(() => {
  ip('netns', 'del', `${name}h`);
  ip('netns', 'del', `${name}c`);
});

/** The last step of an ADD, a route through nowhere, is refused by the kernel. */
function failingAdd(type: string, dataDir: string): { status: number | null; stdout: string } {
  const config = {
    cniVersion: '1.0.0',
    name,
    type,
    ...(type === 'macvlan' && { master: 'parent0' }),
    ipam: {
      type: 'host-local',
      dataDir,
      ranges: [[{ subnet: '10.79.0.0/24' }], [{ subnet: 'fd79::/64' }]],
      routes: [{ dst: '198.51.100.0/24', gw: '203.0.113.1' }],
    },
  };
  const env = {
    PATH: process.env['PATH'] ?? '',
    NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '',
    CNI_COMMAND: 'ADD',
    CNI_CONTAINERID: 'one',
    CNI_NETNS: `/run/netns/${name}c`,
    CNI_IFNAME: 'eth0',
    CNI_PATH: '/nowhere',
  };
  const args = ['netns', 'exec', `${name}h`, process.execPath, main, type];
  return spawnSync('ip', args, { env, input: JSON.stringify(config), encoding: 'utf8' });
}

for (const type of ['bridge', 'ptp', 'macvlan']) {
  t.test(`${type}: an ADD that fails in its last step leaves nothing`, async (t) => {
    const dataDir = t.testdir();
    if (type === 'macvlan') ip('-n', `${name}h`, 'link', 'add', 'parent0', 'type', 'bridge');
    const { status, stdout } = failingAdd(type, dataDir);
    t.equal(status, 1);
    t.match(stdout, /RTM_NEWROUTE/);
    t.notMatch(stdout, 'undoing it failed');
    t.notMatch(ip('-n', `${name}h`, 'link'), /veth/);
    t.notMatch(ip('-n', `${name}c`, 'link'), /eth0/);
    const leases = readdirSync(join(dataDir, name)).filter((file) => /^(10\.|fd79)/.test(file));
    t.same(leases, []);
  });
}
