import t from 'tap';
import { applyDefaults } from '../../../src/api/default/apply-defaults.ts';
import { type JsonObject, objectIn, textOf } from '../../../src/api/json.ts';
import { findKind } from '../../../src/api/kinds.ts';
import { messageType } from '../../../src/api/schema/schema.ts';
import { invalidObject } from '../../../src/api/validate/fault.ts';
import { faultsOf } from '../../../src/api/validate/validate.ts';

/** What the API would say of an object; an empty text when nothing. */
function refusal(apiVersion: string, kindName: string, object: JsonObject): string {
  const kind = findKind(apiVersion, kindName);
  if (kind === undefined) throw new Error(kindName);
  const filled = structuredClone(object);
  applyDefaults(messageType(kind.type), filled);
  const faults = faultsOf(kind, filled);
  const name = textOf(objectIn(filled, 'metadata')['name']);
  return faults.length === 0 ? '' : invalidObject(kind, name, faults).message;
}

const metadata = { name: 'web', namespace: 'default' };
const pod = (spec: JsonObject, more: JsonObject = {}) =>
  refusal('v1', 'Pod', { metadata: { ...metadata, ...more }, spec });
const container = (more: JsonObject) => pod({ containers: [{ name: 'a', image: 'x', ...more }] });

t.test('a plain pod is right', async (t) => {
  t.equal(container({ ports: [{ name: 'http', containerPort: 80 }] }), '');
});

t.test('what is required is asked for', async (t) => {
  t.equal(pod({}), 'Pod "web" is invalid: spec.containers: Required value');
  t.equal(
    pod({ containers: [{}] }),
    'Pod "web" is invalid: [spec.containers[0].name: Required value, ' +
      'spec.containers[0].image: Required value]',
  );
  t.match(
    refusal('v1', 'Pod', { metadata: { namespace: 'default' }, spec: { containers: [] } }),
    /metadata.name: Required value: name or generateName is required/,
  );
});

t.test('names, labels and annotations have their forms', async (t) => {
  const spec = { containers: [{ name: 'a', image: 'x' }] };
  t.match(
    pod(spec, { name: 'Web' }),
    /metadata.name: Invalid value: "Web": a lowercase RFC 1123 subdomain/,
  );
  t.match(
    pod(spec, { labels: { 'a b': 'c' } }),
    /metadata.labels: Invalid value: "a b": name part must/,
  );
  t.match(pod(spec, { labels: { a: '-' } }), /metadata.labels: Invalid value: "-": a valid label/);
  t.match(pod(spec, { annotations: { a: 'x'.repeat(262_145) } }), /metadata.annotations: Too long/);
  t.match(pod(spec, { namespace: '' }), /metadata.namespace: Required value/);
  t.equal(pod(spec, { generateName: 'web-' }), '');
  t.match(
    refusal('v1', 'Service', { metadata: { ...metadata, name: '1a' }, spec: {} }),
    /a DNS-1035 label/,
  );
  t.equal(
    refusal('rbac.authorization.k8s.io/v1', 'ClusterRole', { metadata: { name: 'system:node' } }),
    '',
  );
  t.match(
    refusal('v1', 'Node', { metadata }),
    /metadata.namespace: Forbidden: not allowed on this type/,
  );
});

t.test('words outside a list are named with the list', async (t) => {
  t.match(
    pod({ containers: [{ name: 'a', image: 'x' }], restartPolicy: 'Sometimes' }),
    'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", ' +
      '"Never", "OnFailure"',
  );
});

t.test('containers, ports, mounts and variables are looked at', async (t) => {
  const cases: [JsonObject, RegExp][] = [
    [
      { ports: [{ containerPort: 70_000 }] },
      /ports\[0\].containerPort: Invalid value: 70000: must be between 1 and 65535/,
    ],
    [
      { ports: [{ name: 'HTTP', containerPort: 80 }] },
      /ports\[0\].name: Invalid value: "HTTP": must contain only/,
    ],
    [{ volumeMounts: [{ name: 'v', mountPath: '/v' }] }, /volumeMounts\[0\].name: Not found: "v"/],
    [{ env: [{ name: 'a=b' }] }, /env\[0\].name: Invalid value: "a=b"/],
    [
      { env: [{ name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] },
      /may not be specified when `value` is not empty/,
    ],
    [{ livenessProbe: {} }, /livenessProbe: Required value: must specify a handler type/],
    [
      { livenessProbe: { httpGet: { port: 0 } } },
      /httpGet.port: Invalid value: 0: must be between 1 and 65535/,
    ],
    [
      { resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } },
      /requests: Invalid value: "2": must be less than or equal to cpu limit of 1/,
    ],
    [
      { resources: { limits: { memory: '-1' } } },
      /limits\[memory\]: Invalid value: "-1": must be greater than or equal to 0/,
    ],
    [{ image: ' x' }, /image: Invalid value: " x": must not have leading or trailing whitespace/],
  ];
  for (const [more, words] of cases) t.match(container(more), words);
  t.match(
    pod({
      containers: [
        { name: 'a', image: 'x' },
        { name: 'a', image: 'y' },
      ],
    }),
    /containers\[1\].name: Duplicate value: "a"/,
  );
  t.match(
    pod({
      containers: [{ name: 'a', image: 'x' }],
      volumes: [{ name: 'v', emptyDir: {}, secret: { secretName: 's' } }],
    }),
    /volumes\[0\].secret: Forbidden: may not specify more than 1 volume type/,
  );
});

const deployment = (labels: JsonObject, spec: JsonObject = {}) =>
  refusal('apps/v1', 'Deployment', {
    metadata,
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'a', image: 'x' }], ...spec },
      },
    },
  });

t.test('a deployment selects its own pods', async (t) => {
  t.equal(deployment({ app: 'web' }), '');
  t.match(
    deployment({ app: 'db' }),
    'Deployment.apps "web" is invalid: spec.template.metadata.labels: ' +
      'Invalid value: {"app":"db"}: `selector` does not match template `labels`',
  );
  t.match(
    deployment({ app: 'web' }, { restartPolicy: 'Never' }),
    /spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"/,
  );
});

const service = (spec: JsonObject) => refusal('v1', 'Service', { metadata, spec });

t.test('services need ports, and names where there are several', async (t) => {
  t.match(service({}), /spec.ports: Required value/);
  t.equal(service({ clusterIP: 'None' }), '');
  t.match(service({ ports: [{ port: 80 }, { port: 81 }] }), /spec.ports\[0\].name: Required value/);
  t.match(service({ type: 'ExternalName' }), /spec.externalName: Required value/);
  t.match(service({ type: 'Near', ports: [{ port: 1 }] }), /spec.type: Unsupported value: "Near"/);
});

t.test('jobs, schedules, budgets, claims and keys are looked at', async (t) => {
  const template = { spec: { containers: [{ name: 'a', image: 'x' }], restartPolicy: 'Never' } };
  t.equal(refusal('batch/v1', 'Job', { metadata, spec: { template } }), '');
  const cron = (schedule: string) =>
    refusal('batch/v1', 'CronJob', {
      metadata,
      spec: { schedule, jobTemplate: { spec: { template } } },
    });
  t.equal(cron('*/5 * * * *'), '');
  t.match(
    cron('* * * *'),
    /spec.schedule: Invalid value: "\* \* \* \*": expected exactly 5 fields, found 4/,
  );
  t.match(
    refusal('policy/v1', 'PodDisruptionBudget', {
      metadata,
      spec: { minAvailable: 1, maxUnavailable: 1 },
    }),
    /cannot be both set/,
  );
  t.match(
    refusal('v1', 'PersistentVolumeClaim', { metadata, spec: {} }),
    /at least 1 access mode is required/,
  );
  t.match(
    refusal('v1', 'ConfigMap', { metadata, data: { 'a/b': 'x' } }),
    /data\[a\/b\]: Invalid value: "a\/b": a valid config key/,
  );
  t.equal(refusal('networking.k8s.io/v1', 'NetworkPolicy', { metadata, spec: {} }), '');
});

t.test("mounts of a StatefulSet's pods may be of its claims", (t) => {
  t.notMatch(mountsOfSet('data'), 'volumeMounts');
  t.match(mountsOfSet('date'), 'spec.template.spec.containers[0].volumeMounts[0].name: Not found');
  t.end();
});

function mountsOfSet(name: string): string {
  const volumeMounts = [{ name, mountPath: '/data' }];
  const labels = { app: 'db' };
  const spec = { restartPolicy: 'Always', containers: [{ name: 'a', image: 'x', volumeMounts }] };
  return refusal('apps/v1', 'StatefulSet', {
    metadata: { name: 'db', namespace: 'default' },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec },
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: {} }],
    },
  });
}

t.test('what a workload has not is told as far down as something has to be', async (t) => {
  const spec = { spec: {}, metadata };
  t.equal(
    refusal('apps/v1', 'Deployment', spec),
    'Deployment.apps "web" is invalid: [spec.selector: Required value, ' +
      'spec.template.metadata.labels: Invalid value: null: `selector` does not match template ' +
      '`labels`, spec.template.spec.containers: Required value]',
  );
  t.equal(
    refusal('batch/v1', 'Job', spec),
    'Job.batch "web" is invalid: [spec.template.spec.containers: Required value, ' +
      'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"]',
  );
  const template = { spec: { containers: [{ name: 'a', image: 'x' }], restartPolicy: 'Never' } };
  const cron = (schedule: string): string =>
    refusal('batch/v1', 'CronJob', {
      metadata,
      spec: { schedule, jobTemplate: { spec: { template } } },
    });
  t.equal(cron('5 4 * * 0-6'), '');
  t.equal(
    cron('61 * * * *'),
    'CronJob.batch "web" is invalid: spec.schedule: Invalid value: "61 * * * *": ' +
      'end of range (61) above maximum (59): 61',
  );
});

t.test('secrets hold what their type promises', async (t) => {
  const secret = (type: string, more: JsonObject = {}): string =>
    refusal('v1', 'Secret', { metadata, type, ...more });
  t.equal(
    secret('kubernetes.io/tls', { data: { 'tls.crt': '' } }),
    'Secret "web" is invalid: data[tls.key]: Required value',
  );
  t.equal(secret('kubernetes.io/tls', { data: { 'tls.crt': '', 'tls.key': '' } }), '');
  t.equal(secret('kubernetes.io/basic-auth', { stringData: { username: 'x' } }), '');
  t.match(secret('kubernetes.io/basic-auth'), /data\[username\]: Required value/);
  t.match(
    secret('kubernetes.io/service-account-token'),
    /metadata.annotations\[kubernetes.io\/service-account.name\]: Required value/,
  );
  t.match(
    refusal('v1', 'ConfigMap', { metadata, data: { a: 'x' }, binaryData: { a: 'eA==' } }),
    /data\[a\]: Invalid value: "a": duplicate of key present in binaryData/,
  );
});

t.test('rules, claims and budgets that make no sense are refused', async (t) => {
  t.equal(
    refusal('rbac.authorization.k8s.io/v1', 'Role', { metadata, rules: [{}] }),
    'Role.rbac.authorization.k8s.io "web" is invalid: [rules[0].verbs: Required value: verbs ' +
      'must contain at least one value, rules[0].apiGroups: Required value: resource rules must ' +
      'supply at least one api group, rules[0].resources: Required value: resource rules must ' +
      'supply at least one resource]',
  );
  const rules = [{ verbs: ['get'], nonResourceURLs: ['/x'] }];
  t.equal(
    refusal('rbac.authorization.k8s.io/v1', 'ClusterRole', { metadata: { name: 'web' }, rules }),
    '',
  );
  t.match(
    refusal('rbac.authorization.k8s.io/v1', 'Role', { metadata, rules }),
    /namespaced rules cannot apply to non-resource URLs/,
  );
  const claim = (requests: JsonObject): string =>
    refusal('v1', 'PersistentVolumeClaim', {
      metadata,
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests } },
    });
  t.match(claim({}), /spec.resources\[storage\]: Required value/);
  t.match(claim({ storage: '0' }), /must be greater than zero/);
  t.match(
    refusal('policy/v1', 'PodDisruptionBudget', { metadata, spec: { minAvailable: -1 } }),
    /spec.minAvailable: Invalid value: -1: must be greater than or equal to 0/,
  );
  t.match(
    refusal('networking.k8s.io/v1', 'Ingress', {
      metadata,
      spec: { defaultBackend: { service: { name: 'x' } } },
    }),
    /spec.defaultBackend: Required value: port name or number is required/,
  );
});
