import type { Stored } from '../../src/api/client/client.ts';
import { resources } from '../../src/api/client/resources.ts';
import type { Job } from '../../src/api/types/generated/batch-v1.ts';
import { simulate } from './seeds.ts';
import type { World } from './world.ts';

const place = { namespace: 'default', name: 'beat' };

function cronOf(concurrencyPolicy: string) {
  const template = {
    spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'sum:1' }] },
  };
  return {
    metadata: place,
    spec: { schedule: '*/2 * * * *', concurrencyPolicy, jobTemplate: { spec: { template } } },
  };
}

function isEnded(job: Stored<Job>): boolean {
  return (
    job.status?.conditions?.some(({ type }) => type === 'Complete' || type === 'Failed') === true
  );
}

/** The jobs there are, and the names of all there ever were. */
function watchJobs(world: World) {
  const live = new Map<string, Stored<Job>>();
  const names: string[] = [];
  world.observers.push(({ prefix, now, before }) => {
    if (prefix !== '/registry/jobs/') return;
    const uid = now?.metadata.uid ?? before?.metadata.uid ?? '';
    if (now === undefined) live.delete(uid);
    else live.set(uid, now as Stored<Job>);
    if (now !== undefined && before === undefined) names.push(now.metadata.name);
  });
  return { live, names };
}

simulate('each time has one job, and as much history stays as was asked for', async (world) => {
  const { names } = watchJobs(world);
  world.kubelet.ends = () => (world.random.chance(0.4) ? 'Succeeded' : undefined);
  await world.client.create(resources.cronJobs, cronOf('Allow'));
  await world.clock.pass(20 * 60_000);
  if (new Set(names).size !== names.length) world.fail(`a time had two jobs: ${names.join()}`);
  // Who is dead for some seconds is late, and makes the job all the same.
  if (names.length < 9 || names.length > 11) world.fail(`${names.length} jobs in 20 minutes`);
  const cron = await world.client.get(resources.cronJobs, place);
  if (cron.status?.lastScheduleTime === undefined) world.fail('no last time');
  const settled = await world.until(async () => {
    const ended = (await world.list(resources.jobs)).filter(isEnded);
    return ended.length === 3;
  }, 100_000);
  if (!settled) world.fail('the history is not of three jobs');
  await world.client.delete(resources.cronJobs, place, { propagationPolicy: 'Background' });
  const gone = await world.until(
    async () => (await world.list(resources.jobs)).length === 0,
    300_000,
  );
  if (!gone) world.fail('jobs are left');
});

simulate('where it is forbidden, no job begins while one runs', async (world) => {
  const { live, names } = watchJobs(world);
  world.observers.push(({ prefix, now, before }) => {
    if (prefix !== '/registry/jobs/' || now === undefined || before !== undefined) return;
    const running = [...live.values()].filter((job) => !isEnded(job));
    if (running.length > 1) world.fail(`${running.length} jobs run`);
  });
  world.kubelet.ends = () => (world.random.chance(0.004) ? 'Succeeded' : undefined);
  await world.client.create(resources.cronJobs, cronOf('Forbid'));
  await world.clock.pass(16 * 60_000);
  // One in fifty runs on to the end; after any other the next one begins within some minutes.
  const since = world.clock.now() - 4 * 60_000;
  const hasEnded = [...live.values()].some(
    ({ status }) => Date.parse(status?.completionTime ?? '') < since,
  );
  if (hasEnded && names.length < 2) world.fail(`${names.length} jobs in 16 minutes`);
});

simulate('where it replaces, the job of a time ends those before', async (world) => {
  const { live } = watchJobs(world);
  await world.client.create(resources.cronJobs, cronOf('Replace'));
  await world.clock.pass(11 * 60_000);
  const single = await world.until(async () => {
    const running = [...live.values()].filter(
      ({ metadata }) => metadata.deletionTimestamp === undefined,
    );
    return running.length === 1 && running[0]?.metadata.name.startsWith('beat-') === true;
  }, 60_000);
  if (!single) world.fail(`${live.size} jobs run`);
});
