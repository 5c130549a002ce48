import t from 'tap';
import { existsSync } from 'node:fs';
import { openHierarchy } from '../../../src/cgroup/hierarchy.ts';
import { KeelsonEngine } from '../../../src/container/engine.ts';
import { FakeSystemd, withoutDbus } from '../cgroup/fake-systemd.ts';
import { Bundle } from '../container/bundle.ts';
import { OciRuntime } from './runtime.ts';

t.setTimeout(110_000);

t.test('--systemd-cgroup makes the cgroup a scope', { skip: withoutDbus }, async (t) => {
  await using systemd = await FakeSystemd.start();
  const address = `unix:path=${systemd.socket}`;
  using runtime = new OciRuntime('keelson', { DBUS_SYSTEM_BUS_ADDRESS: address });
  const slice = `${runtime.name.replaceAll('-', '')}.slice`;
  const linux = { cgroupsPath: `${slice}:test:c` };
  runtime.configure(['sleep', '1000'], { linux });
  const { code, stderr } = runtime.run('--systemd-cgroup', 'run', '--detach', 'c');
  t.equal(code, 0, stderr);
  using hierarchy = openHierarchy();
  using cgroup = hierarchy.open(`/${slice}/test-c.scope`);
  t.same(cgroup.processes(), [runtime.state('c').pid], 'the container is alone in it');
  t.equal(runtime.run('delete', '--force', 'c').code, 0);
  const members = systemd.calls().map(({ member, unit }) => `${member} ${unit ?? ''}`.trim());
  t.ok(members.includes('StartTransientUnit test-c.scope'));
  t.ok(members.includes('StopUnit test-c.scope'));
  t.notOk(existsSync(`${hierarchy.mountPoint}/${slice}/test-c.scope`));
  await hierarchy.remove(`/${slice}`);
});

t.test(
  "the engine's containers are scopes with the systemd driver",
  { skip: withoutDbus },
  async (t) => {
    await using systemd = await FakeSystemd.start();
    process.env['DBUS_SYSTEM_BUS_ADDRESS'] = `unix:path=${systemd.socket}`;
    t.teardown(() => delete process.env['DBUS_SYSTEM_BUS_ADDRESS']);
    using bundle = new Bundle();
    const slice = `${bundle.name.replaceAll('-', '')}.slice`;
    const engine = new KeelsonEngine({ stateFolder: bundle.state, cgroupDriver: 'systemd' });
    const cgroupPath = `/${slice}/keelson-c.scope`;
    const request = bundle.request('c', ['sleep', '1000'], { request: { cgroupPath } });
    const { pid } = await engine.create(request);
    await engine.start('c');
    t.same(await engine.processes('c'), [pid]);
    await engine.remove('c');
    await t.rejects(engine.create({ ...request, cgroupPath: '/plain/c' }), { message: /no scope/ });
    await engine.endPod('pod');
    await engine.close();
    using hierarchy = openHierarchy();
    await hierarchy.remove(`/${slice}`);
    const members = systemd.calls().map(({ member }) => member);
    t.same(members, ['Subscribe', 'StartTransientUnit', 'StopUnit', 'ResetFailedUnit']);
  },
);
