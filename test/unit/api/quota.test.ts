import t from 'tap';
import { findKind } from '../../../src/api/kinds.ts';
import { amountsIn, amountsText, mapOf, sumOf } from '../../../src/api/quota/amounts.ts';
import { podAmounts } from '../../../src/api/quota/pod-amounts.ts';
import { isInScope } from '../../../src/api/quota/scope.ts';
import { isCountedBy, usageOf } from '../../../src/api/quota/usage.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import type { Kind } from '../../../src/api/kind.ts';

function kind(name: string, apiVersion = 'v1'): Kind {
  const found = findKind(apiVersion, name);
  if (found === undefined) throw new Error(name);
  return found;
}

function container(cpu: string, memory?: string, more: object = {}): JsonObject {
  const requests = { cpu, ...(memory !== undefined && { memory }) };
  return { name: 'a', resources: { requests, limits: { cpu: '2' } }, ...more };
}

function needs(spec: object): JsonObject {
  return mapOf(podAmounts({ spec } as unknown as JsonObject, 'requests'));
}

t.test('a pod needs its containers together, or its greediest init container', (t) => {
  const containers = [container('100m', '1Gi'), container('200m')];
  t.same(needs({ containers }), { cpu: '300m', memory: '1Gi' });
  const initContainers = [container('500m'), container('100m', '2Gi')];
  t.same(needs({ containers, initContainers }), { cpu: '500m', memory: '2Gi' });
  const beside = [container('50m', undefined, { restartPolicy: 'Always' }), container('400m')];
  t.same(needs({ containers, initContainers: beside }), { cpu: '450m', memory: '1Gi' });
  t.same(needs({ containers, overhead: { cpu: '10m' } }), { cpu: '310m', memory: '1Gi' });
  t.same(needs({ containers: [{ name: 'a' }], overhead: { cpu: '10m' } }), {});
  t.end();
});

t.test('what an object takes, by the names that quotas have', (t) => {
  const takes = (name: string, object: object, version = 'v1') =>
    mapOf(usageOf(kind(name, version), object as JsonObject));
  t.same(takes('Pod', { spec: { containers: [container('1', '1Gi')] } }), {
    'count/pods': '1',
    pods: '1',
    'requests.cpu': '1',
    cpu: '1',
    'requests.memory': '1Gi',
    memory: '1Gi',
    'limits.cpu': '2',
  });
  const ended = { spec: { containers: [container('1')] }, status: { phase: 'Succeeded' } };
  t.same(takes('Pod', ended), { 'count/pods': '1' });
  t.same(takes('Deployment', {}, 'apps/v1'), { 'count/deployments.apps': '1' });
  t.same(takes('Secret', {}), { 'count/secrets': '1', secrets: '1' });
  const ports = [{ port: 1 }, { port: 2 }];
  t.match(takes('Service', { spec: { type: 'LoadBalancer', ports } }), {
    services: '1',
    'services.nodeports': '2',
    'services.loadbalancers': '1',
  });
  const resources = { requests: { storage: '5Gi' } };
  t.match(takes('PersistentVolumeClaim', { spec: { storageClassName: 'fast', resources } }), {
    persistentvolumeclaims: '1',
    'requests.storage': '5Gi',
    'fast.storageclass.storage.k8s.io/requests.storage': '5Gi',
    'fast.storageclass.storage.k8s.io/persistentvolumeclaims': '1',
  });
  t.ok(isCountedBy('requests.nvidia.com/gpu', kind('Pod')));
  t.notOk(isCountedBy('requests.storage', kind('Pod')));
  t.notOk(isCountedBy('pods', kind('Service')));
  t.end();
});

t.test('sums are exact, and written as their parts were', (t) => {
  const sum = sumOf(...Array.from({ length: 1000 }, () => amountsIn({ cpu: '1m', m: '1Mi' })));
  t.equal(amountsText(sum), 'cpu=1,m=1000Mi');
  t.equal(amountsText(amountsIn({ b: '0', a: '0.1' })), 'a=100m,b=0');
  t.end();
});

function selector(entry: object): object {
  return { scopeSelector: { matchExpressions: [entry] } };
}

t.test('scopes choose pods', (t) => {
  const holds = (spec: object, pod: object) =>
    isInScope({ spec } as unknown as JsonObject, kind('Pod'), { spec: pod } as JsonObject);
  t.ok(holds({}, {}));
  t.ok(holds({ scopes: ['BestEffort'] }, { containers: [{ name: 'a' }] }));
  t.notOk(holds({ scopes: ['BestEffort'] }, { containers: [container('1')] }));
  t.ok(holds({ scopes: ['NotBestEffort', 'NotTerminating'] }, { containers: [container('1')] }));
  t.ok(holds({ scopes: ['Terminating'] }, { activeDeadlineSeconds: 5 }));
  const high = { scopeName: 'PriorityClass', operator: 'In', values: ['high'] };
  t.ok(holds(selector(high), { priorityClassName: 'high' }));
  t.notOk(holds(selector(high), { priorityClassName: 'low' }));
  t.ok(holds(selector({ ...high, operator: 'NotIn' }), { priorityClassName: 'low' }));
  t.notOk(holds(selector({ ...high, operator: 'Exists' }), {}));
  const namespaceSelector = {};
  const term = [{ topologyKey: 'x', namespaceSelector }];
  const affinity = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: term } };
  t.ok(holds({ scopes: ['CrossNamespacePodAffinity'] }, { affinity }));
  t.notOk(isInScope({ spec: { scopes: ['Terminating'] } }, kind('Secret'), {}));
  t.end();
});
