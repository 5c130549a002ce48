import t from 'tap';
import { decode, encode } from '../../../src/grpc/codec.ts';
import type { Draft } from '../../../src/grpc/message.ts';
import {
  ContainerState,
  ContainerStatus,
  PodSandboxState,
  PodSandboxStatus,
} from '../../../src/cri/generated/runtime.ts';
import { PodSight } from '../../../src/kubelet/pod/pod-sight.ts';
import type { ContainerRuntime } from '../../../src/kubelet/runtime/container-runtime.ts';
import type { PodNews } from '../../../src/kubelet/runtime/observed-pod.ts';

t.test('what the runtime has told of a made sandbox it is not asked for', async (t) => {
  const { sight, asked } = look();
  sight.add({ sandboxes: ['s0'], containers: [] });
  sight.hear(news({ id: 's0' }));
  const { observed } = await sight.look();
  t.match(observed.sandboxes, [{ id: 's0', ready: true, addresses: ['10.1.0.5'] }]);
  t.same(asked, []);
});

t.test('a sandbox that is not told of, or not whole, is asked for', async (t) => {
  for (const told of [
    news({ id: 'another' }),
    news({ id: 's0', network: { ip: '' } }),
    news({ id: 's0', state: PodSandboxState.SANDBOX_NOTREADY }),
    undefined,
  ]) {
    const { sight, asked } = look();
    sight.add({ sandboxes: ['s0'], containers: [] });
    if (told !== undefined) sight.hear(told);
    t.match((await sight.look()).observed.sandboxes, [{ id: 's0', ready: true }]);
    t.same(asked, ['pod s0']);
  }
});

t.test('a container that was told to run is not asked for, an earlier state is', async (t) => {
  for (const [state, questions] of [
    [ContainerState.CONTAINER_RUNNING, []],
    [ContainerState.CONTAINER_CREATED, ['container c0']],
    [ContainerState.CONTAINER_EXITED, ['container c0']],
  ] as const) {
    const { sight, asked } = look();
    sight.hear(news({ id: 's0' }, [{ id: 'c0', state }]));
    sight.add({ sandboxes: [], containers: [{ id: 'c0', sandboxId: 's0' }] });
    const { observed } = await sight.look();
    t.match(observed.containers, [{ id: 'c0', sandboxId: 's0', state: 'running' }]);
    t.same(asked, questions);
  }
});

t.test('news are good for one look', async (t) => {
  const { sight, asked } = look();
  sight.hear(news({ id: 's0' }));
  sight.add({ sandboxes: ['s0'], containers: [] });
  await sight.look();
  sight.add({ sandboxes: ['s0'], containers: [] });
  await sight.look();
  t.same(asked, ['pod s0']);
});

t.test('after a change all is asked for, whatever was told before', async (t) => {
  const { sight, asked } = look();
  sight.hear(news({ id: 's0' }));
  sight.add({ sandboxes: ['s0'], containers: [] });
  sight.blur();
  const { observed } = await sight.look();
  t.same(asked, ['all']);
  t.same(observed.sandboxes, []);
});

/** At a new pod, of whose runtime each question is noted down. */
function look() {
  const asked: string[] = [];
  const runtime: Partial<ContainerRuntime> = {
    podStatus: async (id) => {
      asked.push(`pod ${id}`);
      return sandbox({ id });
    },
    containerStatus: async (id) => {
      asked.push(`container ${id}`);
      return status({ id, state: ContainerState.CONTAINER_RUNNING });
    },
    listPods: async () => {
      asked.push('all');
      return [];
    },
    listContainers: async () => [],
  };
  return { sight: new PodSight(runtime as ContainerRuntime, 'u1', true), asked };
}

function news(pod: Draft<PodSandboxStatus>, containers: Draft<ContainerStatus>[] = []): PodNews {
  return { pod_sandbox_status: sandbox(pod), containers_statuses: containers.map(status) };
}

function sandbox(given: Draft<PodSandboxStatus>): PodSandboxStatus {
  const network = { ip: '10.1.0.5' };
  const whole = { state: PodSandboxState.SANDBOX_READY, network, ...given };
  return decode(PodSandboxStatus, encode(PodSandboxStatus, whole));
}

function status(given: Draft<ContainerStatus>): ContainerStatus {
  return decode(ContainerStatus, encode(ContainerStatus, given));
}
