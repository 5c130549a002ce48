/** The tree of pods as slices of systemd, by the calls that it gets on a real bus. */
import { pino } from 'pino';
import t from 'tap';
import type { Pod } from '../../../src/api/types/generated/core-v1.ts';
import { openHierarchy } from '../../../src/cgroup/hierarchy.ts';
import { weightOfShares } from '../../../src/cgroup/cpu-weight.ts';
import { PodCgroups } from '../../../src/kubelet/pod/pod-cgroups.ts';
import { FakeSystemd, withoutDbus } from '../cgroup/fake-systemd.ts';

const root = `keelsontest${process.pid}`;
const amounts = { cpu: '200m', memory: '32Mi' };

function pod(uid: string, resources: object): Pod {
  const containers = [{ name: 'main', image: 'busybox', resources }];
  return { metadata: { name: uid, uid }, spec: { containers } };
}

function optionsOf(bus: string, pods: readonly Pod[]) {
  const share = { milliCpu: 2000, memoryBytes: 1 << 30 };
  const log = pino({ level: 'silent' });
  const common = { enabled: true, root: `/${root}`, pidsLimit: 30, share, log, bus };
  return { ...common, driver: 'systemd', pods: () => pods } as const;
}

t.test('pods and their classes are slices with limits', { skip: withoutDbus }, async (t) => {
  await using systemd = await FakeSystemd.start();
  using hierarchy = openHierarchy();
  t.teardown(async () => {
    using again = openHierarchy();
    await again.remove(`/${root}.slice`);
  });
  const pods: Pod[] = [];
  const cgroups = new PodCgroups(optionsOf(systemd.socket, pods));
  t.teardown(() => cgroups[Symbol.dispose]());
  const fixed = pod('0a-1b', { requests: amounts, limits: amounts });
  pods.push(fixed);
  t.equal(cgroups.parentOf(fixed), `${root}-kubepods-pod0a_1b.slice`);
  await cgroups.prepare(fixed);
  const burst = pod('2c-3d', { requests: { cpu: '500m' } });
  pods.push(burst);
  await cgroups.prepare(burst);
  const calls = systemd.calls().filter(({ unit }) => unit !== undefined);
  const limits = (unit: string) => calls.filter((call) => call.unit === `${root}-${unit}.slice`);
  t.match(limits('kubepods-pod0a_1b'), [
    {
      member: 'StartTransientUnit',
      properties: {
        CPUWeight: weightOfShares(204),
        CPUQuotaPerSecUSec: 200_000,
        MemoryMax: 32 << 20,
        TasksMax: 30,
        MemoryAccounting: true,
        DefaultDependencies: false,
      },
    },
  ]);
  t.notOk('Slice' in (limits('kubepods-pod0a_1b')[0]?.properties ?? {}), 'its name says where');
  t.match(limits('kubepods-burstable-pod2c_3d'), [
    { properties: { CPUWeight: weightOfShares(512) } },
  ]);
  t.match(limits('kubepods'), [
    { properties: { CPUWeight: weightOfShares(2048), MemoryMax: 1 << 30 } },
  ]);
  t.match(limits('kubepods-besteffort'), [{ properties: { CPUWeight: 1 } }]);
  t.match(limits('kubepods-burstable'), [
    { member: 'StartTransientUnit', properties: { CPUWeight: 1 } },
    { member: 'StartTransientUnit', properties: { CPUWeight: weightOfShares(512) } },
    { member: 'SetUnitProperties', runtime: true, properties: { CPUWeight: weightOfShares(512) } },
  ]);
  t.same(cgroups.strangers(['0a-1b']), ['2c-3d']);
  await cgroups.remove(burst);
  await cgroups.remove(burst);
  const stopped = systemd.calls().filter(({ member }) => member === 'StopUnit');
  const slice = `${root}-kubepods-burstable-pod2c_3d.slice`;
  t.match(stopped, [{ unit: slice }, { unit: slice }], 'its cgroup may have gone without it');
  t.same(cgroups.strangers(['0a-1b']), []);
  const path = `/${root}.slice/${root}-kubepods.slice`;
  t.notOk(hierarchy.open(`${path}/${root}-kubepods-burstable.slice`).children().length);
});

t.test('without systemd a pod gets no slice, and who asked learns it', async (t) => {
  using cgroups = new PodCgroups(optionsOf('/nonexistent/bus', []));
  await t.rejects(cgroups.prepare(pod('4e', {})), { message: 'No D-Bus at /nonexistent/bus' });
});
