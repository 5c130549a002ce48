import t from 'tap';
import type { RunOptions } from '../../../../src/cri/generated/keelson.ts';
import type { ContainerConfig } from '../../../../src/cri/generated/runtime.ts';
import type { Draft } from '../../../../src/grpc/message.ts';
import { planMounts } from '../../../../src/cri/plan/plan-mounts.ts';
import { planVolumes } from '../../../../src/cri/volume/volumes.ts';
import { planInput } from './plan-input.ts';

function plan(
  paths: readonly string[],
  options: Draft<RunOptions> = {},
  config: Draft<ContainerConfig> = {},
) {
  const input = planInput({ config, options });
  if (input.options === undefined) throw new Error('no options');
  return planVolumes(paths, input.config, input.options);
}

const invalid = { name: 'DomainError', kind: 'invalid' };

t.test('each path that the image names gets a volume of its own', async (t) => {
  const volumes = plan(['/data', '/var/lib/x/']);
  t.match(volumes, [
    { path: '/data', anonymous: true, readonly: false },
    { path: '/var/lib/x', anonymous: true },
  ]);
  const names = volumes.map(({ name }) => name);
  for (const name of names) t.match(name, /^[0-9a-f]{64}$/);
  t.not(names[0], names[1]);
});

t.test('what is mounted there in another way is in its place', async (t) => {
  const mounts = [{ host_path: '/srv', container_path: '/a/' }];
  const options = { tmpfs: [{ path: '/b' }], volumes: [{ name: 'named', path: '/c' }] };
  const volumes = plan(['/a', '/b/', '//c', '/d', '/d/'], options, { mounts });
  t.match(volumes, [
    { name: 'named', path: '/c', anonymous: false },
    { path: '/d', anonymous: true },
  ]);
  t.equal(volumes.length, 2);
});

t.test('a path that is none is refused', async (t) => {
  for (const path of ['/', 'data', '', '/..', '/a\0b']) t.throws(() => plan([path]), invalid, path);
});

t.test('a volume is a bind mount, mapped where the container is', async (t) => {
  const [mount] = plan([], { volumes: [{ name: 'named', path: '/c', readonly: true }] });
  if (mount === undefined) throw new Error('no mount');
  const storage = [{ mount, source: '/v/named/_data' }];
  const mounts = planMounts(planInput({ facts: { storage } }));
  const wanted = { destination: '/c', type: 'bind', source: '/v/named/_data' };
  t.same(mounts.at(-1), { ...wanted, options: ['rbind', 'ro', 'rprivate'] });
  const mapped = planMounts(planInput({ facts: { storage }, namespaces: { user: '/u' } }));
  t.same(mapped.at(-1), { ...wanted, options: ['rbind', 'ro', 'rprivate', 'idmap'] });
});
