import t from 'tap';
import type { JsonObject } from '../../../../src/api/json.ts';
import { findKind } from '../../../../src/api/kinds.ts';
import { decideForNode } from '../../../../src/apiserver/security/authorize/node-authorizer.ts';
import { NodeRelations } from '../../../../src/apiserver/security/authorize/node-relations.ts';
import { checkNode } from '../../../../src/apiserver/security/authorize/node-restriction.ts';
import type { WriteAttempt } from '../../../../src/apiserver/security/gate.ts';
import type { User } from '../../../../src/apiserver/security/user.ts';

const node: User = {
  name: 'system:node:host01',
  uid: '',
  groups: ['system:nodes', 'system:authenticated'],
  extra: {},
};

const pod: JsonObject = {
  metadata: { namespace: 'blue', name: 'web' },
  spec: {
    nodeName: 'host01',
    serviceAccountName: 'robot',
    imagePullSecrets: [{ name: 'pull' }],
    containers: [
      {
        name: 'a',
        env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'env', key: 'x' } } }],
        envFrom: [{ configMapRef: { name: 'all' } }],
      },
    ],
    volumes: [
      { name: 's', secret: { secretName: 'mounted' } },
      { name: 'p', projected: { sources: [{ configMap: { name: 'projected' } }] } },
      { name: 'v', persistentVolumeClaim: { claimName: 'claim' } },
    ],
  },
};

function relations(): NodeRelations {
  const made = new NodeRelations();
  made.setPod('/registry/pods/blue/web', pod);
  const volume = {
    spec: {
      claimRef: { namespace: 'blue', name: 'claim' },
      csi: { nodeStageSecretRef: { namespace: 'storage', name: 'stage' } },
    },
  };
  made.setVolume('/registry/persistentvolumes/pv1', volume);
  return made;
}

function ask(from: NodeRelations, text: string, fieldSelector = ''): boolean {
  const [verb = '', whole = '', namespace = '', name = ''] = text.split(' ');
  const [path = '', subresource = ''] = whole.split('/');
  const [resource = '', ...group] = path.split('.');
  const decision = decideForNode(from, node, {
    verb,
    group: group.join('.'),
    resource,
    subresource,
    namespace: namespace === '-' ? '' : namespace,
    name,
    fieldSelector,
  });
  return decision?.allowed === true;
}

function ingress(...names: readonly string[]): JsonObject {
  return {
    metadata: { namespace: 'blue', name: 'web' },
    spec: { tls: names.map((secretName) => ({ hosts: ['web'], secretName })) },
  };
}

t.test('every node reads the certificates of Ingresses, as long as one names them', (t) => {
  const known = new NodeRelations();
  known.setIngress('a', ingress('one', 'one', 'two'));
  known.setIngress('b', ingress('two'));
  for (const verb of ['get', 'list', 'watch']) t.ok(ask(known, `${verb} secrets blue one`), verb);
  t.notOk(ask(known, 'update secrets blue one'));
  t.notOk(ask(known, 'get secrets red one'), 'only in its own namespace');
  t.notOk(ask(known, 'list secrets blue'));
  t.notOk(ask(known, 'get configmaps blue one'));
  known.setIngress('a', ingress());
  t.notOk(ask(known, 'get secrets blue one'));
  t.ok(ask(known, 'get secrets blue two'), 'the other Ingress');
  known.setIngress('b', undefined);
  t.notOk(ask(known, 'get secrets blue two'));
  t.end();
});

t.test('a node reads what its pods refer to, and nothing else', async (t) => {
  const known = relations();
  const may = [
    'get secrets blue pull',
    'get secrets blue env',
    'watch secrets blue mounted',
    'list configmaps blue all',
    'get configmaps blue projected',
    'get persistentvolumeclaims blue claim',
    'get persistentvolumes - pv1',
    'get secrets storage stage',
    'create serviceaccounts/token blue robot',
    'get pods blue web',
    'get nodes - host01',
    'patch nodes/status - host01',
    'update leases.coordination.k8s.io kube-node-lease host01',
    'create events blue',
    'list services -',
  ];
  for (const text of may) t.equal(ask(known, text), true, text);
  const mayNot = [
    'get secrets red mounted',
    'get secrets blue other',
    'list secrets blue',
    'update secrets blue mounted',
    'delete configmaps blue all',
    'create serviceaccounts/token blue default',
    'get persistentvolumes - pv2',
    'get pods blue other',
    'list pods -',
    'get nodes - host02',
    'list nodes -',
    'delete nodes - host01',
    'update leases.coordination.k8s.io kube-node-lease host02',
    'update leases.coordination.k8s.io default host01',
    'create deployments.apps blue',
    'create pods/exec blue web',
  ];
  for (const text of mayNot) t.equal(ask(known, text), false, text);
  t.equal(ask(known, 'list pods -', 'spec.nodeName=host01'), true);
  t.equal(ask(known, 'list pods -', 'spec.nodeName=host02'), false);
  t.equal(ask(known, 'list pods -', 'spec.nodeName!=host01'), false);
  const escaped = 'metadata.name!=x\\,spec.nodeName=host01';
  t.equal(ask(known, 'list pods -', escaped), false, 'that is one requirement, and no node');
  t.equal(ask(known, 'list pods -', 'status.phase=Running,spec.nodeName==host01'), true);
});

t.test('a node looks after the volumes that are its folders', async (t) => {
  const known = relations();
  const volume = {
    metadata: {
      name: 'pvc-1',
      annotations: {
        'pv.kubernetes.io/provisioned-by': 'keelson.dev/local-folder',
        'keelson.dev/node': 'host01',
      },
      finalizers: ['kubernetes.io/pv-protection'],
    },
    spec: { local: { path: '/srv/pvc-1' } },
  };
  known.setVolume('/registry/persistentvolumes/pvc-1', volume);
  const metadata = { ...volume.metadata, annotations: { 'keelson.dev/node': 'host01' } };
  known.setVolume('/registry/persistentvolumes/pvc-2', { ...volume, metadata });
  t.equal(ask(known, 'get persistentvolumes - pvc-1'), true);
  t.equal(ask(known, 'patch persistentvolumes - pvc-1'), true);
  t.equal(ask(known, 'delete persistentvolumes - pvc-1'), false);
  t.equal(ask(known, 'patch persistentvolumes/status - pvc-1'), false);
  t.equal(ask(known, 'patch persistentvolumes - pvc-2'), false, 'of another provisioner');
  t.equal(ask(known, 'patch persistentvolumes - pv1'), false, 'which is no folder');
  const attempt = (object: JsonObject) =>
    checkNode({
      user: node,
      place: { kind: findKind('v1', 'PersistentVolume'), namespace: '', name: 'pvc-1' },
      operation: 'update',
      subresource: undefined,
      object,
      old: volume,
    } as unknown as WriteAttempt);
  const finalizers = [...volume.metadata.finalizers, 'keelson.dev/local-folder'];
  attempt({ ...volume, metadata: { ...volume.metadata, finalizers } });
  const why = /can only change the finalizer "keelson.dev\/local-folder"/;
  t.throws(() => attempt({ ...volume, metadata: { ...volume.metadata, finalizers: [] } }), why);
  t.throws(() => attempt({ ...volume, spec: { local: { path: '/etc' } } }), why);
});

t.test('what a pod no longer needs, its node no longer reads', async (t) => {
  const known = relations();
  known.setPod('/registry/pods/blue/other', pod);
  known.setPod('/registry/pods/blue/web', undefined);
  t.equal(ask(known, 'get secrets blue mounted'), true, 'another pod has it too');
  known.setPod('/registry/pods/blue/other', {
    ...pod,
    spec: { ...(pod['spec'] as JsonObject), nodeName: 'host02' },
  });
  t.equal(ask(known, 'get secrets blue mounted'), false);
});

t.test('who is in no nodes group is no node, whatever the name', async (t) => {
  const user = { ...node, groups: ['system:authenticated'] };
  const attributes = {
    verb: 'get',
    group: '',
    resource: 'services',
    subresource: '',
    namespace: '',
    name: '',
  };
  t.equal(decideForNode(relations(), user, attributes), undefined);
});

function attempt(
  kindName: string,
  change: Partial<WriteAttempt> & { name?: string },
): WriteAttempt {
  const apiVersion = kindName === 'Lease' ? 'coordination.k8s.io/v1' : 'v1';
  const kind = findKind(apiVersion, kindName);
  if (kind === undefined) throw new Error(kindName);
  const place = { kind, namespace: kind.namespaced ? 'blue' : '', name: change.name ?? 'host01' };
  const { name: _name, ...rest } = change;
  const none = { subresource: undefined, object: undefined, old: undefined };
  return { operation: 'update', place, user: node, ...none, ...rest };
}

t.test('a node changes itself alone, and not what pods trust', async (t) => {
  const old = { metadata: { name: 'host01', labels: {} }, spec: { taints: [] } };
  const labelled = (label: string) => ({ ...old, metadata: { labels: { [label]: 'x' } } });
  t.doesNotThrow(() => checkNode(attempt('Node', { old, object: labelled('example.com/a') })));
  t.doesNotThrow(() =>
    checkNode(attempt('Node', { old, object: labelled('topology.kubernetes.io/zone') })),
  );
  const refused: readonly (readonly [WriteAttempt, RegExp])[] = [
    [
      attempt('Node', { old, object: old, name: 'host02' }),
      /node "host01" is not allowed to modify node "host02"/,
    ],
    [
      attempt('Node', { old, object: labelled('node-restriction.kubernetes.io/trusted') }),
      /is not allowed to modify the following labels: node-restriction.kubernetes.io\/trusted/,
    ],
    [
      attempt('Node', { old, object: labelled('node-role.kubernetes.io/control-plane') }),
      /following labels/,
    ],
    [
      attempt('Node', {
        old,
        object: { ...old, spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } },
      }),
      /is not allowed to modify taints/,
    ],
    [attempt('Node', { operation: 'delete', old }), /is not allowed to delete itself/],
    [attempt('Lease', { object: {}, old: {} }), /can only access leases in the "kube-node-lease"/],
  ];
  for (const [change, words] of refused) {
    t.throws(() => checkNode(change), { reason: 'Forbidden', message: words });
  }
  t.doesNotThrow(() =>
    checkNode({
      ...attempt('Node', { old, object: old, name: 'x' }),
      user: { ...node, groups: [] },
    }),
  );
});

t.test('a node makes mirror pods of its own, without secrets, and ends its own pods', async (t) => {
  const annotations = { 'kubernetes.io/config.mirror': 'x' };
  const mirror = (spec: JsonObject, metadata: JsonObject = { annotations }) =>
    attempt('Pod', { operation: 'create', object: { metadata, spec } });
  t.doesNotThrow(() => checkNode(mirror({ nodeName: 'host01', serviceAccountName: 'default' })));
  const throws = (change: WriteAttempt, message: RegExp) =>
    t.throws(() => checkNode(change), { reason: 'Forbidden', message });
  throws(mirror({ nodeName: 'host02' }), /spec.nodeName set to itself/);
  throws(mirror({ nodeName: 'host01' }, {}), /can only create mirror pods/);
  throws(
    mirror({ nodeName: 'host01', volumes: [{ secret: { secretName: 'x' } }] }),
    /can not create pods that reference secrets/,
  );
  throws(
    attempt('Pod', { operation: 'delete', old: { spec: { nodeName: 'host02' } } }),
    /can only delete pods with spec.nodeName set to itself/,
  );
  t.doesNotThrow(() => checkNode(attempt('Pod', { operation: 'delete', old: pod })));
});
