import t from 'tap';
import type { Stored } from '../../../../src/api/client/client.ts';
import type { Pod } from '../../../../src/api/types/generated/core-v1.ts';
import { larger, rankPods } from '../../../../src/kubelet/node/eviction/rank.ts';
import { overLimit } from '../../../../src/kubelet/node/eviction/storage-limits.ts';
import {
  metThresholds,
  resourceOf,
  thresholdsOf,
} from '../../../../src/kubelet/node/eviction/threshold.ts';
import { bytesToFree } from '../../../../src/kubelet/node/room/image-collector.ts';
import type { PodUse } from '../../../../src/kubelet/statistics/pod-use.ts';
import type { VolumeUsage } from '../../../../src/kubelet/volume/pod-volumes.ts';

const mebi = 1024 * 1024;

interface Used {
  readonly memoryMi?: number;
  readonly diskMi?: number;
  readonly request?: string;
  readonly limit?: string;
  readonly priority?: number;
  readonly sizeLimit?: string;
}

function useOf(name: string, used: Used): PodUse {
  const { memoryMi = 0, diskMi = 0, request, limit, priority, sizeLimit } = used;
  const resources = {
    requests: request === undefined ? {} : { memory: request },
    limits: limit === undefined ? {} : { 'ephemeral-storage': limit },
  };
  const pod = {
    metadata: { name, namespace: 'default', uid: name },
    spec: {
      containers: [{ name: 'main', resources }],
      ...(priority !== undefined && { priority }),
      ...(sizeLimit !== undefined && { volumes: [{ name: 'scratch', emptyDir: { sizeLimit } }] }),
    },
  } as unknown as Stored<Pod>;
  const statistics = {
    attributes: { id: name, labels: {}, annotations: {} },
    memory: { timestamp: 0, working_set_bytes: { value: memoryMi * mebi } },
    writable_layer: { timestamp: 0, used_bytes: { value: diskMi * mebi } },
  };
  const usage = { usedBytes: diskMi * mebi, usedInodes: 1 } as VolumeUsage;
  return {
    pod,
    containers: [{ name: 'main', startedAtMs: 0, statistics, logs: { bytes: mebi, inodes: 1 } }],
    whole: undefined,
    volumes: new Map(sizeLimit === undefined ? [] : [['scratch', usage]]),
  };
}

function at(available: number) {
  return new Map([['memory.available', { available, capacity: 1000 }]]);
}

function space(availableBytes: number) {
  return { capacityBytes: 1000, availableBytes, inodes: 0, freeInodes: 0 };
}

t.test('pods above their request go first, then the less important, then the larger', async (t) => {
  const uses = [
    useOf('modest', { memoryMi: 900, request: '1Gi' }),
    useOf('important', { memoryMi: 500, request: '100Mi', priority: 1000 }),
    useOf('small', { memoryMi: 50 }),
    useOf('greedy', { memoryMi: 300, request: '100Mi' }),
  ];
  t.same(
    rankPods(uses, 'memory').map(({ pod }) => pod.metadata.name),
    ['greedy', 'small', 'important', 'modest'],
  );
});

t.test('what a container used above its request is said', async (t) => {
  const use = useOf('greedy', { memoryMi: 300, request: '100Mi' });
  t.equal(
    larger(use, 'memory'),
    'Container main was using 307200Ki, request is 100Mi, has larger consumption of memory. ',
  );
  t.equal(larger(useOf('modest', { memoryMi: 1, request: '1Gi' }), 'memory'), '');
  t.equal(larger(use, 'pids'), '');
});

t.test('a pod that uses more disk than it may is known by its own bounds', async (t) => {
  t.match(overLimit(useOf('a', { diskMi: 20, sizeLimit: '10Mi' })), {
    reason: 'Evicted',
    message: 'Usage of EmptyDir volume "scratch" exceeds the limit "10Mi". ',
  });
  t.match(overLimit(useOf('b', { diskMi: 20, limit: '10Mi' })), { message: /exceed/ });
  t.equal(overLimit(useOf('c', { diskMi: 4, limit: '10Mi', sizeLimit: '10Mi' })), undefined);
});

t.test('a threshold holds until the node is as far above as it has to be', async (t) => {
  const thresholds = thresholdsOf({
    evictionHard: new Map([
      ['memory.available', '10%'],
      ['nodefs.available', '0%'],
    ]),
    evictionSoft: new Map([['pid.available', '50']]),
    evictionSoftGracePeriod: new Map([['pid.available', 5000]]),
    evictionMinimumReclaim: new Map([['memory.available', '5%']]),
  });
  t.same(
    thresholds.map(({ signal, graceMs, isHard }) => [signal, graceMs, isHard]),
    [
      ['memory.available', 0, true],
      ['pid.available', 5000, false],
    ],
  );
  t.equal(metThresholds(thresholds, at(99), false).length, 1);
  t.equal(metThresholds(thresholds, at(120), false).length, 0);
  t.equal(metThresholds(thresholds, at(120), true).length, 1);
  t.equal(metThresholds(thresholds, at(151), true).length, 0);
  t.equal(metThresholds(thresholds, new Map(), false).length, 0, 'the unseen evicts nobody');
  t.equal(resourceOf('imagefs.inodesFree'), 'inodes');
  t.equal(resourceOf('nodefs.available'), 'ephemeral-storage');
});

t.test('images are removed from the high threshold down to the low one', async (t) => {
  const settings = {
    imageMinimumGCAge: 0,
    imageMaximumGCAge: 0,
    imageGCHighThresholdPercent: 85,
    imageGCLowThresholdPercent: 80,
  };
  t.equal(bytesToFree(space(160), settings), 0);
  t.equal(bytesToFree(space(150), settings), 50);
  t.equal(bytesToFree(space(0), settings), 200);
  t.equal(bytesToFree({ ...space(0), capacityBytes: 0 }, settings), 0);
});
