import t from 'tap';
import { decodeJson } from '../../../src/api/decode-json.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { messageType } from '../../../src/api/schema/schema.ts';

const pod = messageType('core.v1.Pod');
const decode = (document: JsonObject) => decodeJson(pod, document);

t.test('what the type does not have is left out and told', async (t) => {
  const { value, unknown } = decode({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', labls: {} },
    spec: { containers: [{ name: 'a', imagee: 'x' }], volumes: [{ name: 'v', emptyDir: {} }] },
    stats: {},
  });
  t.same(
    unknown.map(({ path }) => path),
    ['metadata.labls', 'spec.containers[0].imagee', 'stats'],
  );
  t.same(value, {
    metadata: { name: 'web' },
    spec: { containers: [{ name: 'a' }], volumes: [{ name: 'v', emptyDir: {} }] },
  });
});

t.test('nulls are absent, in lists they are empty entries', async (t) => {
  const { value } = decode({ metadata: null, spec: { containers: [null], nodeName: null } });
  t.same(value, { spec: { containers: [{}] } });
});

t.test('quantities and times get their one form', async (t) => {
  const { value } = decode({
    metadata: { creationTimestamp: '2026-01-02T04:04:05.678+01:00' },
    spec: { containers: [{ resources: { limits: { cpu: 0.5, memory: '1024Mi' } } }] },
  });
  t.same(value, {
    metadata: { creationTimestamp: '2026-01-02T03:04:05Z' },
    spec: { containers: [{ resources: { limits: { cpu: '500m', memory: '1Gi' } } }] },
  });
});

const probe = (port: number | string) =>
  decode({ spec: { containers: [{ livenessProbe: { httpGet: { port } } }] } }).value;

t.test('a port may be a number or a name', async (t) => {
  t.match(probe(80), { spec: { containers: [{ livenessProbe: { httpGet: { port: 80 } } }] } });
  t.match(probe('http'), {
    spec: { containers: [{ livenessProbe: { httpGet: { port: 'http' } } }] },
  });
});

t.test('a wrong type is told as Go tells it', async (t) => {
  const cases: [JsonObject, string][] = [
    [
      { spec: { containers: [{ image: 5 }] } },
      'number into Go struct field Container.spec.containers.image of type string',
    ],
    [
      { metadata: { labels: [] } },
      'array into Go struct field ObjectMeta.metadata.labels of type map[string]string',
    ],
    [
      { spec: { containers: {} } },
      'object into Go struct field PodSpec.spec.containers of type []v1.Container',
    ],
    [
      { spec: { priority: 1.5 } },
      'number 1.5 into Go struct field PodSpec.spec.priority of type int32',
    ],
    [
      { spec: { priority: 2 ** 31 } },
      'number into Go struct field PodSpec.spec.priority of type int32',
    ],
    [
      { spec: { hostNetwork: 'yes' } },
      'string into Go struct field PodSpec.spec.hostNetwork of type bool',
    ],
  ];
  for (const [document, words] of cases) {
    t.throws(() => decode(document), { message: `json: cannot unmarshal ${words}` });
  }
});

const limits = (cpu: string) => ({ spec: { containers: [{ resources: { limits: { cpu } } }] } });

t.test('bad quantities, times and base64 are refused', async (t) => {
  t.throws(() => decode(limits('one')), /spec.containers\[0\].resources.limits.cpu: quantities/);
  t.throws(() => decode({ metadata: { creationTimestamp: 'now' } }), { name: 'DomainError' });
  const secret = messageType('core.v1.Secret');
  t.throws(
    () => decodeJson(secret, { data: { a: '!!!!' } }),
    /illegal base64 data at input byte 0/,
  );
  t.same(decodeJson(secret, { data: { a: 'aGk=' } }).value, { data: { a: 'aGk=' } });
});

t.test('a key named __proto__ is a key', async (t) => {
  const document = JSON.parse('{"metadata":{"labels":{"__proto__":"x"}}}') as JsonObject;
  const { value } = decode(document);
  t.equal(JSON.stringify(value), '{"metadata":{"labels":{"__proto__":"x"}}}');
  t.equal(({} as Record<string, unknown>)['x'], undefined);
});
