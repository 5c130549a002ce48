import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { skip } from '../netlink/namespace.ts';
import { OverlayWorld, until } from './overlay-world.ts';

t.setTimeout(240_000);

const main = new URL('../../../src/cli/main.ts', import.meta.url).pathname;
const setNode = new URL('cluster-node.ts', import.meta.url).pathname;
const quiet = '--disable-warning=ExperimentalWarning';
const server = '192.168.61.1';

t.test('the agents learn of nodes and ranges from the coordinator', { skip }, async (t) => {
  await using world = new OverlayWorld();
  const [one, two] = world.nodes;
  const root = join(world.folder, 'coordinator');
  const kubeconfig = join(world.folder, 'kubeconfig');
  const config = join(world.folder, 'config.yaml');
  writeFileSync(config, '');
  const flags = ['--config', config, '--root', root, '--address', `${server}:6443`];
  const agents = [one, two].map((node) =>
    world.agent(node, ['--nodes', '', '--kubeconfig', kubeconfig]),
  );
  world.spawn(world.router, process.execPath, quiet, main, 'coordinator', ...flags);
  await until('the coordinator runs', () => existsSync(join(root, 'admin.kubeconfig')));
  const node = (...args: string[]) =>
    world.exec(world.router, process.execPath, quiet, setNode, kubeconfig, ...args);
  const answers = () => {
    try {
      node('host01', '192.168.61.11');
      return true;
    } catch {
      return false;
    }
  };
  writeFileSync(kubeconfig, readFileSync(join(root, 'admin.kubeconfig')));
  await until('the coordinator answers', answers);
  node('host02', '192.168.61.12');
  for (const each of [one, two]) await world.attached(each);
  const [pod, other] = [world.pod(one), world.pod(two)];
  t.match(pod.ip4, /^10\.244\.\d+\.2$/, 'of the range that the coordinator gave');
  await world.reaches(pod, other.ip4);
  await world.reaches(other, pod.ip4);

  // The old address stays until the cluster knows: the way to the coordinator is by it.
  world.ip(two, 'address', 'add', '192.168.61.99/24', 'dev', 'eth0');
  node('host02', '192.168.61.99');
  const shown = () => world.ip(two, '-d', 'link', 'show', 'keelson.vx');
  await until('the tunnel is of the new address', () => shown().includes('local 192.168.61.99'));
  world.ip(two, 'address', 'delete', '192.168.61.12/24', 'dev', 'eth0');
  world.ip(two, 'address', 'replace', '192.168.61.99/24', 'dev', 'eth0');
  await world.reaches(pod, other.ip4);

  node('host02');
  const range = other.ip4.replace(/\.2$/, '.0/24');
  await until('its route is gone', () => !world.ip(one, 'route').includes(range));
  t.ok(agents.every(({ exitCode }) => exitCode === null));
});
