/** Limits of real containers, in the lab machine. */
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import type { Cgroup } from '../../../src/cgroup/cgroup.ts';
import type { ContainerEvent } from '../../../src/container/container-engine.ts';
import type { Resources } from '../../../src/container/spec-linux.ts';
import type { SpecChange } from '../../kernel/container/bundle.ts';
import { Scratch } from '../../kernel/container/scratch.ts';
import { hierarchy, measureCpu } from './machine.ts';

const mebibyte = 1 << 20;
const spin = ['sh', '-c', 'while :; do :; done'];
/** dd fills a buffer of 64 MiB. */
const hog = 'dd if=/dev/zero of=/dev/null bs=64M count=1';

const namespaces = {
  namespaces: (['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup'] as const).map((type) => ({
    type,
  })),
};

t.test('a container gets the CPU of its quota, and of a new one at once', async (t) => {
  await using scratch = new Scratch();
  const cgroup = await run(scratch, spin, { cpu: { quota: 10_000, period: 100_000 } });
  const tenth = await measureCpu(cgroup, 3000);
  t.ok(tenth > 7 && tenth < 13, `${tenth.toFixed(1)} % of a quota of 10 %`);
  await scratch.engine.update('c', { cpu: { quota: 50_000, period: 100_000 } });
  const half = await measureCpu(cgroup, 3000);
  t.ok(half > 42 && half < 58, `${half.toFixed(1)} % of a quota of 50 %`);
  await end(scratch);
});

t.test('a container above its memory limit ends as OOMKilled, with the event', async (t) => {
  await using scratch = new Scratch();
  const ended = new AbortController();
  const events = collect(scratch.engine.events(ended.signal));
  const memory = { limit: 16 * mebibyte, swap: 16 * mebibyte };
  await run(scratch, ['sh', '-c', `exec ${hog}`], { memory });
  const status = await scratch.engine.wait('c');
  t.match(status, { exitCode: 137, reason: 'OOMKilled', state: 'exited' });
  ended.abort();
  const kinds = (await events).map(({ kind }) => kind);
  t.ok(kinds.indexOf('oom') >= 0 && kinds.indexOf('oom') < kinds.indexOf('exited'), kinds.join());
});

t.test('a container that ends by itself within its limit is not OOMKilled', async (t) => {
  await using scratch = new Scratch();
  await run(scratch, ['sh', '-c', `${hog}; exit 3`], { memory: { limit: 128 * mebibyte } });
  t.match(await scratch.engine.wait('c'), { exitCode: 3, reason: 'Error' });
});

t.test('a fork bomb stays in its container and ends with it', async (t) => {
  await using scratch = new Scratch();
  const bomb = 'bomb() { bomb | bomb & }; bomb; sleep 1000';
  const cgroup = await run(scratch, ['sh', '-c', bomb], { pids: { limit: 25 } });
  await delay(1000);
  const { pids } = cgroup.statistics();
  t.ok((pids?.peak ?? 99) <= 25, `${pids?.peak} processes at most`);
  await end(scratch);
  t.equal(scratch.engine.status('c').state, 'exited');
  t.equal(cgroup.populated(), false);
});

t.test('a paused container uses no CPU', async (t) => {
  await using scratch = new Scratch();
  const cgroup = await run(scratch, spin, {});
  t.ok((await measureCpu(cgroup, 500)) > 50);
  await scratch.engine.pause('c');
  t.ok((await measureCpu(cgroup, 500)) < 1);
  await scratch.engine.resume('c');
  t.ok((await measureCpu(cgroup, 500)) > 50);
  await end(scratch);
});

t.test('an update that the kernel refuses changes nothing', async (t) => {
  await using scratch = new Scratch();
  const cgroup = await run(scratch, ['sleep', '1000'], { pids: { limit: 9 } });
  const wrong = { pids: { limit: 5 }, cpu: { quota: 10_000, period: 100_000, burst: 20_000 } };
  await t.rejects(scratch.engine.update('c', wrong), { name: 'DomainError' });
  t.match(cgroup.settings(), { 'pids.max': 9, 'cpu.max': { quotaMicroseconds: 'max' } });
  await end(scratch);
});

t.test('a limit without its controller is refused, and nothing is left', async (t) => {
  await using scratch = new Scratch();
  const message = /^Cannot set cpuset.cpus of cgroup ".*" to 0: the cpuset controller is not/;
  await t.rejects(run(scratch, ['true'], { cpu: { cpus: '0' } }), { name: 'DomainError', message });
  t.same(scratch.engine.list(), []);
  const path = `/${scratch.bundle.name}/c`;
  t.throws(() => hierarchy.open(path), { name: 'DomainError', message: /^No cgroup/ });
});

/** Starts the container `c`; its cgroup is closed with the process. */
async function run(scratch: Scratch, args: string[], resources: Resources): Promise<Cgroup> {
  const change: SpecChange = { linux: { resources, ...namespaces } };
  await scratch.engine.create(scratch.bundle.request('c', args, change));
  const cgroup = hierarchy.open(`/${scratch.bundle.name}/c`);
  await scratch.engine.start('c');
  return cgroup;
}

async function end(scratch: Scratch): Promise<void> {
  await scratch.engine.stop('c', { signal: 'SIGTERM', timeoutMs: 500 });
}

async function collect(events: AsyncIterable<ContainerEvent>): Promise<ContainerEvent[]> {
  return await Array.fromAsync(events);
}
