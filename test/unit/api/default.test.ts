import t from 'tap';
import { applyDefaults } from '../../../src/api/default/apply-defaults.ts';
import type { Draft } from '../../../src/api/json.ts';
import { messageType, packageNames, typeNames } from '../../../src/api/schema/schema.ts';

function filled(type: string, value: Draft): Draft {
  applyDefaults(messageType(type), value);
  return value;
}

t.test('a pod gets what a stock kubelet insists on', async (t) => {
  const pod = filled('core.v1.Pod', {
    spec: {
      containers: [
        {
          name: 'a',
          image: 'busybox',
          ports: [{ containerPort: 80 }],
          livenessProbe: { httpGet: { port: 80 } },
          resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } },
          env: [{ name: 'N', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
        },
      ],
      volumes: [
        { name: 'v' },
        { name: 's', secret: { secretName: 's' } },
        { name: 'p', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } },
      ],
    },
  });
  t.same(pod, {
    status: {},
    spec: {
      restartPolicy: 'Always',
      dnsPolicy: 'ClusterFirst',
      schedulerName: 'default-scheduler',
      terminationGracePeriodSeconds: 30,
      enableServiceLinks: true,
      securityContext: {},
      containers: [
        {
          name: 'a',
          image: 'busybox',
          imagePullPolicy: 'Always',
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
          ports: [{ containerPort: 80, protocol: 'TCP' }],
          livenessProbe: {
            httpGet: { port: 80, path: '/', scheme: 'HTTP' },
            timeoutSeconds: 1,
            periodSeconds: 10,
            successThreshold: 1,
            failureThreshold: 3,
          },
          resources: {
            limits: { cpu: '1', memory: '1Gi' },
            requests: { cpu: '500m', memory: '1Gi' },
          },
          env: [
            {
              name: 'N',
              valueFrom: { fieldRef: { fieldPath: 'metadata.name', apiVersion: 'v1' } },
            },
          ],
        },
      ],
      volumes: [
        { name: 'v', emptyDir: {} },
        { name: 's', secret: { secretName: 's', defaultMode: 420 } },
        {
          name: 'p',
          projected: {
            sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 3600 } }],
            defaultMode: 420,
          },
        },
      ],
    },
  });
});

t.test('what is given stays, a zero and a false too', async (t) => {
  const spec = { replicas: 0, strategy: { type: 'Recreate' }, revisionHistoryLimit: 0 };
  t.same(filled('apps.v1.DeploymentSpec', { ...spec }), { ...spec, progressDeadlineSeconds: 600 });
  const pod = filled('core.v1.Pod', { spec: { enableServiceLinks: false } });
  t.match(pod, { spec: { enableServiceLinks: false } });
});

t.test('the policy of pulling follows the tag', async (t) => {
  const policies: Record<string, string> = {
    busybox: 'Always',
    'busybox:latest': 'Always',
    'busybox:1.36': 'IfNotPresent',
    'localhost:5000/busybox': 'Always',
    'busybox@sha256:00': 'IfNotPresent',
  };
  for (const [image, imagePullPolicy] of Object.entries(policies)) {
    t.match(filled('core.v1.Container', { image }), { imagePullPolicy }, image);
  }
});

t.test("a template's pods are not filled as pods are, but as specs are", async (t) => {
  const template = { spec: { containers: [{ name: 'a', resources: { limits: { cpu: '1' } } }] } };
  const value = filled('apps.v1.Deployment', { spec: { template } });
  t.match(value, {
    spec: {
      replicas: 1,
      strategy: {
        type: 'RollingUpdate',
        rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' },
      },
      template: {
        spec: { restartPolicy: 'Always', containers: [{ terminationMessagePolicy: 'File' }] },
      },
    },
  });
  t.notMatch(value, { spec: { template: { spec: { enableServiceLinks: true } } } });
  t.notMatch(template.spec.containers[0], { resources: { requests: {} } });
});

t.test('a service gets its ports, its policies and its affinity', async (t) => {
  const service = filled('core.v1.Service', {
    spec: { type: 'NodePort', sessionAffinity: 'ClientIP', ports: [{ port: 80 }] },
  });
  t.same(service['spec'], {
    type: 'NodePort',
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } },
    externalTrafficPolicy: 'Cluster',
    internalTrafficPolicy: 'Cluster',
    ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
  });
});

t.test('kinds with defaults of their own get them', async (t) => {
  t.match(filled('core.v1.Namespace', { metadata: { name: 'blue' } }), {
    metadata: { labels: { 'kubernetes.io/metadata.name': 'blue' } },
    status: { phase: 'Active' },
  });
  t.match(filled('batch.v1.Job', { spec: {} }), {
    spec: { completions: 1, parallelism: 1, backoffLimit: 6, completionMode: 'NonIndexed' },
  });
  t.notMatch(filled('batch.v1.JobSpec', { parallelism: 2 }), { completions: 1 });
  t.match(filled('apps.v1.StatefulSet', { spec: {} }), {
    spec: {
      podManagementPolicy: 'OrderedReady',
      updateStrategy: { rollingUpdate: { partition: 0 } },
    },
  });
  t.match(filled('rbac.v1.RoleBinding', { subjects: [{ kind: 'User', name: 'u' }], roleRef: {} }), {
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io' }],
    roleRef: { apiGroup: 'rbac.authorization.k8s.io' },
  });
  t.match(
    filled('core.v1.ReplicationController', {
      spec: { template: { metadata: { labels: { a: 'b' } } } },
    }),
    {
      metadata: { labels: { a: 'b' } },
      spec: { selector: { a: 'b' }, replicas: 1 },
    },
  );
  t.match(filled('core.v1.LimitRangeItem', { type: 'Container', max: { cpu: '2' } }), {
    default: { cpu: '2' },
    defaultRequest: { cpu: '2' },
  });
  t.match(filled('networking.v1.NetworkPolicySpec', { egress: [{}] }), {
    policyTypes: ['Ingress', 'Egress'],
  });
});

t.test('filling twice changes nothing more, for every type', async (t) => {
  for (const name of packageNames.flatMap(typeNames)) {
    const once = filled(name, {});
    t.same(filled(name, structuredClone(once)), once, name);
  }
});
