import { spawn } from 'node:child_process';
import t from 'tap';
import { openHierarchy } from '../../../src/cgroup/hierarchy.ts';
import { DbusConnection } from '../../../src/base/dbus-connection.ts';
import { Scopes } from '../../../src/cgroup/systemd/scopes.ts';
import { FakeSystemd, withoutDbus } from './fake-systemd.ts';

t.test(
  'a scope is asked for with its slice, its process and its limits',
  { skip: withoutDbus },
  async (t) => {
    await using systemd = await FakeSystemd.start();
    const scopes = new Scopes(systemd.socket);
    const sleep = spawn('sleep', ['1000']);
    const name = `keelsontest${process.pid}`;
    const scope = { unit: `${name}-c.scope`, slice: `${name}.slice`, pid: sleep.pid ?? 0 };
    await scopes.start(scope, {
      cpu: { shares: 1024, quota: 50_000, period: 100_000, cpus: '0-1' },
      memory: { limit: 1_000_000, swap: 3_000_000 },
      pids: { limit: -1 },
    });
    using hierarchy = openHierarchy();
    using cgroup = hierarchy.open(`/${name}.slice/${name}-c.scope`);
    t.same(cgroup.processes(), [sleep.pid], 'the process is in it when the call is answered');
    await t.rejects(scopes.start(scope, {}), { message: /exists already/ });
    await scopes.update(scope.unit, { memory: { limit: 2_000_000 } });
    await scopes.update(scope.unit, {});
    await cgroup.kill();
    await scopes.stop(scope.unit);
    await scopes.stop(scope.unit);
    scopes.close();
    await hierarchy.remove(`/${name}.slice`);
    const [subscribe, start, ...rest] = systemd.calls();
    t.equal(subscribe?.member, 'Subscribe');
    t.match(start, {
      member: 'StartTransientUnit',
      unit: scope.unit,
      mode: 'replace',
      properties: {
        Slice: scope.slice,
        PIDs: [sleep.pid],
        Delegate: true,
        CPUWeight: 100,
        CPUQuotaPerSecUSec: 500_000,
        CPUQuotaPeriodUSec: 100_000,
        AllowedCPUs: [3],
        MemoryMax: 1_000_000,
        MemorySwapMax: 2_000_000,
      },
    });
    t.match(
      rest.map(({ member }) => member),
      [
        'StartTransientUnit',
        'ResetFailedUnit',
        'StartTransientUnit',
        'SetUnitProperties',
        'StopUnit',
        'ResetFailedUnit',
        'StopUnit',
        'ResetFailedUnit',
      ],
    );
    t.match(rest[3], { runtime: true, properties: { MemoryMax: 2_000_000 } });
  },
);

t.test(
  'a job that fails is an error, and a failed unit is cleared',
  { skip: withoutDbus },
  async (t) => {
    await using systemd = await FakeSystemd.start();
    const scopes = new Scopes(systemd.socket);
    const sleep = spawn('sleep', ['1000']);
    const slice = `keelsontest${process.pid}x.slice`;
    const refused = { unit: 'keelson-refused.scope', slice, pid: sleep.pid ?? 0 };
    await t.rejects(scopes.start(refused, {}), { message: /ended as "failed"/ });
    await scopes.start({ ...refused, unit: 'keelson-failed.scope' }, {});
    await t.rejects(scopes.start({ ...refused, unit: 'keelson-taken.scope' }, {}), {
      message: /exists already/,
    });
    sleep.kill('SIGKILL');
    scopes.close();
    using hierarchy = openHierarchy();
    await hierarchy.remove(`/${slice}`);
  },
);

t.test('a bus that is not there, or goes, is an error', { skip: withoutDbus }, async (t) => {
  await t.rejects(new Scopes('/nonexistent/bus').stop('x.scope'), { message: /No D-Bus|gone/ });
  const systemd = await FakeSystemd.start();
  const connection = await DbusConnection.open(systemd.socket);
  const call = {
    destination: 'org.freedesktop.DBus',
    path: '/org/freedesktop/DBus',
    interface: 'org.freedesktop.DBus',
  };
  const [names] = await connection.call({ ...call, member: 'ListNames' });
  t.ok((names as readonly string[]).includes('org.freedesktop.systemd1'));
  await t.rejects(connection.call({ ...call, member: 'Nonsense' }), {
    message: /UnknownMethod/,
  });
  await systemd[Symbol.asyncDispose]();
  await t.rejects(connection.call({ ...call, member: 'ListNames' }), { message: /No D-Bus|gone/ });
});
