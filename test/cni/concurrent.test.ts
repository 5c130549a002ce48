/** Calls about one container that come at once, each in a process of its own. */
import { readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { skip, World } from './differential.ts';

t.setTimeout(300_000);

const plugins = fileURLToPath(new URL('../../cni-plugins/main.ts', import.meta.url));
const many = 4;

t.test('of several ADDs at once one is done, and DELs at once undo it', { skip }, async (t) => {
  t.testdir({});
  const world = new World(t, 'ours');
  const leases = `${world.folder}/leases`;
  const ipam = { type: 'host-local', dataDir: leases, ranges: [[{ subnet: '10.88.0.0/16' }]] };
  const config = { cniVersion: '1.1.0', name: 'net', type: 'bridge', bridge: 'kd0', ipam };
  writeFileSync(`${world.folder}/input`, JSON.stringify(config));
  const addresses = () => readdirSync(`${leases}/net`).filter((name) => name.startsWith('10.88.'));

  /** What each of them ends with, in no order. */
  const atOnce = (verb: string): string[] => {
    const script = `
      export CNI_COMMAND=${verb} CNI_CONTAINERID=one CNI_IFNAME=eth0 CNI_NETNS=${world.netns}
      export CNI_PATH=${world.folder}/empty KEELSON_STATE=${world.folder}
      for call in $(seq ${many}); do
        { ${process.execPath} ${plugins} bridge <${world.folder}/input >/dev/null 2>&1; echo $?; } &
      done
      wait`;
    return world.run('sh', '-c', script).trim().split('\n').toSorted();
  };

  const ends = atOnce('ADD');
  t.equal(ends.length, many);
  t.equal(ends.filter((end) => end === '0').length, 1, ends.join(' '));
  t.equal(addresses().length, 1, 'one address is taken');
  t.match(world.ipInside('-o', '-4', 'address', 'show', 'dev', 'eth0'), addresses()[0] ?? 'none');
  t.equal(world.ip('-o', 'link', 'show', 'master', 'kd0').trim().split('\n').length, 1);

  t.same(new Set(atOnce('DEL')), new Set(['0']));
  t.same(addresses(), []);
  t.equal(world.ip('-o', 'link', 'show', 'master', 'kd0').trim(), '');
});
