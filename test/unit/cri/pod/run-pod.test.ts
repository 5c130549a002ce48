import t from 'tap';
import { containerCgroup, podCgroup } from '../../../../src/cri/plan/cgroup-path.ts';
import { decode, encode } from '../../../../src/grpc/codec.ts';
import { PodSandboxConfig } from '../../../../src/cri/generated/runtime.ts';
import type { Draft } from '../../../../src/grpc/message.ts';
import { planPod } from '../../../../src/cri/pod/run-pod.ts';

const settings = {
  cgroupParent: '/keelson',
  stateFolder: '/run/keelson',
  rootFolder: '/x',
  version: '0',
};

function plan(config: Draft<PodSandboxConfig>, network: 'none' | 'host' = 'none'): object {
  const whole = decode(PodSandboxConfig, encode(PodSandboxConfig, config));
  const request = { id: 'p'.repeat(20), owner: 'cri', name: 'n', runtimeHandler: '' } as const;
  return planPod({ settings }, { ...request, config: whole, network });
}

const withOptions = (namespace_options: object): Draft<PodSandboxConfig> => ({
  linux: { security_context: { namespace_options } },
});

function userns(userns_options: object): () => object {
  return () => plan(withOptions({ userns_options }));
}

t.test('cgroup parents in both notations', async (t) => {
  t.equal(podCgroup('', 'p1', '/keelson'), '/keelson/p1');
  t.equal(podCgroup('/kubepods/pod1/', 'p1', '/k'), '/kubepods/pod1');
  t.equal(podCgroup('pod.slice', 'p1', '/k'), '/pod.slice');
  t.equal(
    podCgroup('kubepods-burstable-pod1.slice', 'p1', '/k'),
    '/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice',
  );
  t.equal(podCgroup('-.slice', 'p1', '/k'), '/');
  for (const bad of ['/a/../b', '..', '/a/./b', 'a\0b', 'a--b.slice', '-a.slice']) {
    t.throws(() => podCgroup(bad, 'p1', '/k'), { name: 'DomainError' }, JSON.stringify(bad));
  }
  t.equal(containerCgroup('/pod.slice', 'c1'), '/pod.slice/keelson-c1.scope');
  t.equal(containerCgroup('/kubepods/pod1', 'c1'), '/kubepods/pod1/c1');
});

t.test('namespace modes: what is not said is the zero value, POD', async (t) => {
  t.match(plan({}), { pid: 'pod', ipc: 'pod', network: 'none', hostname: 'p'.repeat(12) });
  t.match(plan(withOptions({ pid: 1 })), { pid: 'container' });
  t.match(plan(withOptions({ pid: 2, ipc: 2 }), 'host'), { pid: 'host', ipc: 'host' });
});

t.test('a user namespace has one mapping of each kind, which begins at 0', async (t) => {
  const one = { container_id: 0, host_id: 9, length: 5 };
  const mapping = [{ containerID: 0, hostID: 9, size: 5 }];
  t.match(userns({ uids: [one], gids: [one] })(), { uidMappings: mapping, gidMappings: mapping });
  t.throws(userns({ uids: [one, one], gids: [one] }), /one mapping, not 2/);
  t.throws(userns({ uids: [], gids: [one] }), /one mapping, not 0/);
  t.throws(userns({ uids: [{ ...one, container_id: 1 }], gids: [one] }), /begins at id 0/);
  t.throws(userns({ mode: 1 }), /POD and NODE only/);
  t.throws(userns({ mode: 2, uids: [one] }), /NODE has no mappings/);
  t.notMatch(userns({ mode: 2 })(), { uidMappings: mapping });
});
