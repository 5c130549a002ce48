import t from 'tap';
import type { Pod, PodSpec } from '../../../src/api/types/generated/core-v1.ts';
import type { NodeState } from '../../../src/kubelet/node/node-state.ts';
import { refusalOf } from '../../../src/kubelet/pod/admit-pod.ts';
import { forbiddenPod } from '../../../src/kubelet/pod/forbidden-pod.ts';
import { podOf } from './scene.ts';

function node(more: Partial<NodeState> = {}, spec: object = {}): NodeState {
  const metadata = {
    name: 'host01',
    uid: 'n1',
    resourceVersion: '1',
    creationTimestamp: '',
    labels: { disk: 'ssd' },
  };
  return {
    name: 'host01',
    addresses: [],
    node: () => ({ metadata, spec }),
    isShuttingDown: false,
    allocatable: () =>
      new Map([
        ['cpu', '1'],
        ['memory', '1Gi'],
        ['pods', '2'],
      ]),
    pressure: () => ({ memory: false, disk: false, processes: false }),
    runtimeAnswered: () => undefined,
    ...more,
  };
}

function asking(cpu: string, spec: Partial<PodSpec> = {}): Pod {
  return podOf({ containers: [{ name: 'a', resources: { requests: { cpu } } }], ...spec });
}

t.test('what all ask for together has to be there', async (t) => {
  t.equal(refusalOf(asking('600m'), [], node()), undefined);
  t.same(refusalOf(asking('600m'), [asking('500m')], node()), {
    reason: 'OutOfcpu',
    message: "Node didn't have enough resource: cpu, requested: 600, used: 500, capacity: 1000",
  });
  t.match(refusalOf(asking('0'), [asking('0'), asking('0')], node()), { reason: 'OutOfpods' });
});

t.test('labels and taints of the node', async (t) => {
  t.equal(refusalOf(asking('0', { nodeSelector: { disk: 'ssd' } }), [], node()), undefined);
  t.match(refusalOf(asking('0', { nodeSelector: { disk: 'hdd' } }), [], node()), {
    reason: 'NodeAffinity',
  });
  const tainted = node({}, { taints: [{ key: 'gone', effect: 'NoExecute' }] });
  t.match(refusalOf(asking('0'), [], tainted), { reason: 'TaintToleration' });
  const tolerations = [{ key: 'gone', operator: 'Exists' }];
  t.equal(refusalOf(asking('0', { tolerations }), [], tainted), undefined);
});

const using = (port: object): Pod =>
  podOf({ containers: [{ name: 'a', ports: [{ containerPort: 80, ...port }] }] });

t.test('a port of the node belongs to one pod', async (t) => {
  const refused = {
    reason: 'NodePorts',
    message:
      "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
  };
  const web = { hostPort: 8080 };
  const onOne = { ...web, hostIP: '192.0.2.1' };
  const cases: readonly (readonly [object, object, boolean])[] = [
    [web, web, true],
    [web, onOne, true],
    [onOne, { ...web, hostIP: '192.0.2.1' }, true],
    [onOne, { ...web, hostIP: '192.0.2.2' }, false],
    [web, { ...web, protocol: 'UDP' }, false],
    [web, { hostPort: 8081 }, false],
    [{}, {}, false],
  ];
  for (const [wanted, taken, isRefused] of cases) {
    const failure = refusalOf(using(wanted), [using(taken)], node());
    t.same(failure, isRefused ? refused : undefined, JSON.stringify([wanted, taken]));
  }
  const init = { name: 'b', ports: [{ containerPort: 80, ...web }] };
  const before = podOf({ containers: [{ name: 'a' }], initContainers: [init] });
  t.equal(refusalOf(before, [using(web)], node()), undefined, 'one that has ended by then');
  const sidecar = [{ ...init, restartPolicy: 'Always' }];
  const beside = podOf({ containers: [{ name: 'a' }], initContainers: sidecar });
  t.match(refusalOf(beside, [using(web)], node()), refused);
});

function pressed(of: object): NodeState {
  return node({ pressure: () => ({ memory: false, disk: false, processes: false, ...of }) });
}

t.test('under pressure only some are taken', async (t) => {
  const evicted = { reason: 'Evicted', message: 'The node had condition: [MemoryPressure]. ' };
  t.same(refusalOf(podOf(), [], pressed({ memory: true })), evicted);
  t.equal(refusalOf(asking('1m'), [], pressed({ memory: true })), undefined);
  t.match(refusalOf(asking('1m'), [], pressed({ disk: true })), { reason: 'Evicted' });
  const critical = asking('1m', { priority: 2_000_001_000 });
  t.equal(refusalOf(critical, [], pressed({ disk: true })), undefined);
});

function of(name: string): Pod {
  return podOf({ securityContext: { sysctls: [{ name, value: '1' }] } });
}

t.test('sysctls are the safe ones and those that are allowed', async (t) => {
  t.equal(forbiddenPod(of('net.ipv4.tcp_syncookies'), []), undefined);
  t.same(forbiddenPod(of('kernel.msgmax'), []), {
    reason: 'SysctlForbidden',
    message: 'forbidden sysctl: "kernel.msgmax" not allowlisted',
  });
  t.equal(forbiddenPod(of('kernel.msgmax'), ['kernel.msg*']), undefined);
  t.equal(forbiddenPod(of('kernel/msgmax'), ['kernel.msgmax']), undefined);
  t.match(forbiddenPod(podOf({ resourceClaims: [{ name: 'gpu' }] }), []), {
    message: /resourceClaims are not/,
  });
});
