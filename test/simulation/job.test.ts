import type { Stored } from '../../src/api/client/client.ts';
import { resources } from '../../src/api/client/resources.ts';
import type * as batchV1 from '../../src/api/types/generated/batch-v1.ts';
import type { Pod } from '../../src/api/types/generated/core-v1.ts';
import { simulate } from './seeds.ts';
import type { World } from './world.ts';

const place = { namespace: 'default', name: 'sums' };

function jobOf(spec: Partial<batchV1.JobSpec>): batchV1.Job {
  const template = {
    spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'sum:1' }] },
  };
  return { metadata: place, spec: { ...spec, template } };
}

/** What became of every pod there ever was, and how many ran at once. */
class Books {
  readonly ends = new Map<string, string>();
  readonly live = new Map<string, Stored<Pod>>();
  readonly doneIndexes: string[] = [];
  most = 0;

  constructor(world: World) {
    world.observers.push(({ prefix, now, before }) => {
      if (prefix !== '/registry/pods/') return;
      const uid = now?.metadata.uid ?? before?.metadata.uid ?? '';
      const pod = now as Stored<Pod> | undefined;
      if (pod === undefined) this.live.delete(uid);
      else this.live.set(uid, pod);
      const phase = pod?.status?.phase ?? '';
      if ((phase === 'Succeeded' || phase === 'Failed') && !this.ends.has(uid)) {
        this.ends.set(uid, phase);
        const index = pod?.metadata.annotations?.['batch.kubernetes.io/job-completion-index'];
        if (phase === 'Succeeded') this.doneIndexes.push(index ?? '');
      }
      this.most = Math.max(this.most, this.active());
    });
  }

  active(): number {
    return [...this.live.values()].filter(
      ({ metadata, status }) =>
        metadata.deletionTimestamp === undefined &&
        status?.phase !== 'Succeeded' &&
        status?.phase !== 'Failed',
    ).length;
  }

  count(end: string): number {
    return [...this.ends.values()].filter((phase) => phase === end).length;
  }
}

async function ended(world: World): Promise<Stored<batchV1.Job>> {
  const done = await world.until(async () => {
    const { status } = await world.client.get(resources.jobs, place);
    return (
      status?.conditions?.some(({ type }) => type === 'Complete' || type === 'Failed') === true
    );
  }, 3600_000);
  const job = await world.client.get(resources.jobs, place);
  if (!done) world.fail(`the job does not end: ${JSON.stringify(job.status)}`);
  return job;
}

function endsOf(world: World, failing: number) {
  return () => {
    if (!world.random.chance(0.3)) return undefined;
    return world.random.chance(failing) ? ('Failed' as const) : ('Succeeded' as const);
  };
}

simulate(
  'a job counts each success and each failure once, and makes no pod too many',
  async (world) => {
    const { random } = world;
    const completions = 1 + random.below(7);
    const parallelism = 1 + random.below(4);
    const books = new Books(world);
    world.kubelet.ends = endsOf(world, 0.2);
    const spec = { completions, parallelism, backoffLimit: 100 };
    await world.client.create(resources.jobs, jobOf(spec));
    const { status } = await ended(world);
    if (status?.succeeded !== completions) world.fail(`${status?.succeeded} of ${completions}`);
    if (books.count('Succeeded') !== completions) world.fail(`${books.count('Succeeded')} ran`);
    if ((status?.failed ?? 0) !== books.count('Failed')) {
      world.fail(`${status?.failed} of ${books.count('Failed')} failures are counted`);
    }
    if (books.most > parallelism) world.fail(`${books.most} pods at once of ${parallelism}`);
    await world.client.delete(resources.jobs, place, { propagationPolicy: 'Background' });
    const gone = await world.until(async () => (await world.pods()).length === 0, 120_000);
    if (!gone) world.fail('pods of a deleted job are left');
  },
);

simulate('an indexed job does each index once', async (world) => {
  const books = new Books(world);
  world.kubelet.ends = endsOf(world, 0.2);
  const spec = { completions: 5, parallelism: 3, completionMode: 'Indexed', backoffLimit: 100 };
  await world.client.create(resources.jobs, jobOf(spec));
  const { status } = await ended(world);
  if (status?.completedIndexes !== '0-4') world.fail(`${status?.completedIndexes} are done`);
  const done = books.doneIndexes.toSorted().join();
  if (done !== '0,1,2,3,4') world.fail(`indexes ${done} have succeeded`);
});

simulate('a job that fails too often or is suspended stops all its pods', async (world) => {
  const { client, random } = world;
  const books = new Books(world);
  await client.create(resources.jobs, jobOf({ parallelism: 2, completions: 4, backoffLimit: 2 }));
  await world.clock.pass(random.below(10_000));
  const suspend = async (value: boolean) => {
    const document = { spec: { suspend: value } };
    await client.patch(resources.jobs, place, { type: 'merge', document });
  };
  await suspend(true);
  const stopped = await world.until(async () => books.active() === 0, 120_000);
  if (!stopped) world.fail('pods of a suspended job run on');
  const idle = await world.until(async () => {
    const { status } = await client.get(resources.jobs, place);
    return status?.conditions?.some(({ reason }) => reason === 'JobSuspended') === true;
  }, 120_000);
  if (!idle) world.fail('the job does not say that it is suspended');
  world.kubelet.ends = endsOf(world, 1);
  await suspend(false);
  const { status } = await ended(world);
  const failed = status?.conditions?.find(({ type }) => type === 'Failed');
  if (failed?.reason !== 'BackoffLimitExceeded') world.fail(`it ends as ${failed?.reason}`);
  const over = await world.until(async () => books.active() === 0, 120_000);
  if (!over) world.fail('pods of a failed job run on');
  if ((status?.terminating ?? 0) > 0) world.fail(`it has ended before ${status?.terminating} pods`);
});

simulate('a finished job goes with its pods when its time is up', async (world) => {
  world.kubelet.ends = endsOf(world, 0);
  await world.client.create(resources.jobs, jobOf({ ttlSecondsAfterFinished: 30 }));
  await ended(world);
  const gone = await world.until(async () => {
    return (await world.list(resources.jobs)).length === 0 && (await world.pods()).length === 0;
  }, 300_000);
  if (!gone) world.fail('the job is still there');
});

simulate('each index fails as often as it may, and the others go on', async (world) => {
  const indexKey = 'batch.kubernetes.io/job-completion-index';
  const indexIn = ({ metadata }: Stored<Pod>) => metadata.annotations?.[indexKey] ?? '';
  const limit = world.random.below(3);
  const attempts = new Map<string, number>();
  world.observers.push(({ prefix, now, before }) => {
    if (prefix !== '/registry/pods/' || now === undefined || before !== undefined) return;
    const index = indexIn(now as Stored<Pod>);
    attempts.set(index, (attempts.get(index) ?? 0) + 1);
  });
  world.kubelet.ends = (pod) => (['1', '3'].includes(indexIn(pod)) ? 'Failed' : 'Succeeded');
  const counted = { completionMode: 'Indexed', completions: 5, backoffLimitPerIndex: limit };
  await world.client.create(resources.jobs, jobOf({ ...counted, parallelism: 2 }));
  const { status = {} } = await ended(world);
  const failed = status.conditions?.find(({ type }) => type === 'Failed');
  const found = `${failed?.reason} ${status.failedIndexes} ${status.completedIndexes}`;
  if (found !== 'FailedIndexes 1,3 0,2,4') world.fail(`it ended with ${found}`);
  for (const index of ['1', '3']) {
    const made = attempts.get(index) ?? 0;
    if (made !== limit + 1) world.fail(`index ${index} had ${made} pods, not ${limit + 1}`);
  }
});

simulate('a job is done when its success policy says so', async (world) => {
  world.kubelet.ends = ({ metadata }) => {
    const isFirst = metadata.annotations?.['batch.kubernetes.io/job-completion-index'] === '0';
    return isFirst && world.random.chance(0.3) ? 'Succeeded' : undefined;
  };
  const successPolicy = { rules: [{ succeededIndexes: '0' }] };
  const indexed = { completionMode: 'Indexed', completions: 3, parallelism: 3 };
  await world.client.create(resources.jobs, jobOf({ ...indexed, successPolicy }));
  const { status = {} } = await ended(world);
  const complete = status.conditions?.find(({ type }) => type === 'Complete');
  if (complete?.reason !== 'SuccessPolicy') world.fail(`it ended with ${JSON.stringify(status)}`);
  const gone = await world.until(async () => {
    const pods = await world.pods();
    return pods.every(({ status: of }) => of?.phase === 'Succeeded' || of?.phase === 'Failed');
  }, 120_000);
  if (!gone) world.fail('pods of a job that is done run on');
});
