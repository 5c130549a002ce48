import t from 'tap';
import type { Pod, Volume, VolumeMount } from '../../../../src/api/types/generated/core-v1.ts';
import { findOverfull } from '../../../../src/kubelet/volume/find-overfull.ts';
import { expand, planMounts } from '../../../../src/kubelet/volume/plan-mounts.ts';
import { planVolumes } from '../../../../src/kubelet/volume/plan-volume.ts';
import { readToken } from '../../../../src/kubelet/volume/tokens.ts';

const allocatable = new Map([['memory', '1Gi']]);

function podWith(volumes: readonly Volume[], more: object = {}): Pod {
  const volumeMounts = volumes.map(({ name }) => ({ name, mountPath: `/${name}` }));
  const containers = [{ name: 'main', image: 'a', volumeMounts, ...more }];
  return { metadata: { name: 'web', namespace: 'blue' }, spec: { volumes, containers } };
}

t.test('volumes that nobody mounts are not made', async (t) => {
  const pod = podWith([{ name: 'used', emptyDir: {} }]);
  const { spec } = pod;
  const volumes = [...(spec.volumes ?? []), { name: 'unused', secret: { secretName: 'x' } }];
  const plans = planVolumes({ ...pod, spec: { ...spec, volumes } }, allocatable);
  t.match(plans, [{ kind: 'empty', name: 'used', folder: 'volumes/kubernetes.io~empty-dir/used' }]);
  t.equal(plans.length, 1);
});

const bytes = (volume: Omit<Volume, 'name'>, more = {}) =>
  planVolumes(podWith([{ name: 'x', ...volume }], more), allocatable)[0];

const memory = (sizeLimit?: string) => ({ emptyDir: { medium: 'Memory', sizeLimit } });

t.test('memory is bounded by the limit, the pod and the node', async (t) => {
  const limited = { resources: { limits: { memory: '64Mi' } } };
  t.match(bytes(memory()), { memoryBytes: 1024 ** 3 });
  t.match(bytes(memory('1Mi')), { memoryBytes: 1024 ** 2 });
  t.match(bytes(memory('1Gi'), limited), { memoryBytes: 64 * 1024 ** 2 });
  t.match(bytes({ emptyDir: {} }), { memoryBytes: undefined });
  t.throws(() => bytes({ emptyDir: { medium: 'HugePages' } }), / is not supported/);
});

t.test('what is not supported is refused by name', async (t) => {
  for (const [type, source] of Object.entries({
    nfs: { server: 'a', path: '/' },
    csi: { driver: 'x' },
    gitRepo: { repository: 'x' },
  })) {
    const pod = podWith([{ name: 'x', [type]: source }]);
    t.throws(() => planVolumes(pod, allocatable), {
      kind: 'unsupported',
      message: new RegExp(`no volume plugin matched: volumes of type "${type}"`),
    });
  }
  const wrong = podWith([{ name: '../x', emptyDir: {} }]);
  t.throws(() => planVolumes(wrong, allocatable), /is no DNS label/);
});

function mountsOf(mount: Partial<VolumeMount>, can = true) {
  const pod = podWith([{ name: 'x', emptyDir: {} }]);
  const [plan] = planVolumes(pod, allocatable);
  if (plan === undefined) throw new Error('no plan');
  return planMounts({
    pod,
    container: { name: 'main', volumeMounts: [{ name: 'x', mountPath: '/x', ...mount }] },
    environment: new Map([['POD', 'web-0']]),
    places: new Map([['x', { plan, path: '/v/x', readOnly: false }]]),
    recursiveReadOnly: () => can,
  })[0];
}

t.test('mounts say what the container asked for', async (t) => {
  t.same(mountsOf({})?.mount, {
    hostPath: '/v/x',
    containerPath: '/x',
    readOnly: false,
    recursiveReadOnly: false,
    propagation: 'None',
  });
  t.match(mountsOf({ mountPath: 'relative' }), { mount: { containerPath: '/relative' } });
  t.match(mountsOf({ mountPropagation: 'Bidirectional' }), {
    mount: { propagation: 'Bidirectional' },
  });
  t.match(mountsOf({ subPathExpr: 'a/$(POD)' }), {
    subPath: { path: 'a/web-0', target: 'volume-subpaths/x/main/0' },
  });
  const recursive = (mount: Partial<VolumeMount>, can = true) => mountsOf(mount, can)?.mount;
  t.match(recursive({ readOnly: true, recursiveReadOnly: 'Enabled' }), { recursiveReadOnly: true });
  t.match(recursive({ readOnly: true, recursiveReadOnly: 'IfPossible' }, false), {
    readOnly: true,
    recursiveReadOnly: false,
  });
  t.throws(() => recursive({ readOnly: true, recursiveReadOnly: 'Enabled' }, false), {
    kind: 'unsupported',
    message: /requested recursive read-only mode, but it is not supported by the runtime/,
  });
  t.throws(() => recursive({ recursiveReadOnly: 'Enabled' }), /but it is not read-only/);
  for (const subPath of ['/etc', '../x', 'a/../../b', 'a\0']) {
    t.throws(() => mountsOf({ subPath }), /^subPath /, subPath);
  }
  t.throws(() => mountsOf({ mountPropagation: 'Sideways' }), /unknown MountPropagation mode/);
  t.throws(() => mountsOf({ name: 'other' }), /names no volume of the pod/);
});

t.test('variables expand once, and have to be known', async (t) => {
  const environment = new Map([
    ['A', '$(B)'],
    ['B', 'b'],
  ]);
  t.equal(expand('x/$(A)/$(B)', environment), 'x/$(B)/b');
  t.equal(expand('$$(B) $', environment), '$(B) $');
  t.throws(() => expand('$(C)', environment), /missing value for "C"/);
});

const usage = (usedBytes: number) =>
  new Map([
    [
      'x',
      { usedBytes, usedInodes: 1, capacityBytes: 1, availableBytes: 1, inodes: 1, freeInodes: 1 },
    ],
  ]);

t.test('an emptyDir over its limit evicts the pod', async (t) => {
  const pod = podWith([{ name: 'x', emptyDir: { sizeLimit: '1Mi' } }]);
  t.equal(findOverfull(pod, usage(1024 * 1024)), undefined);
  t.same(findOverfull(pod, usage(1024 * 1024 + 1)), {
    reason: 'Evicted',
    message: 'Usage of EmptyDir volume "x" exceeds the limit "1Mi". ',
  });
  t.equal(findOverfull(pod, new Map()), undefined);
});

const of = (claims: object) => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;

t.test('a token says when it is to be renewed; what is none says nothing', async (t) => {
  const hour = readToken(of({ iat: 1000, exp: 4600 }));
  t.match(hour, { renewMs: 3_880_000, endMs: 4_600_000 });
  const year = readToken(of({ iat: 1000, exp: 1000 + 365 * 86_400 }));
  t.match(year, { renewMs: 1_000_000 + 86_400_000 });
  for (const text of [undefined, '', 'a.b.c', of({ iat: 'x', exp: 1 }), 'a.bnVsbA.c']) {
    t.equal(readToken(text), undefined);
  }
});
