import t from 'tap';
import type { ConfigMap, Container, Secret } from '../../../src/api/types/generated/core-v1.ts';
import { fieldValue, resourceValue } from '../../../src/kubelet/pod/downward-field.ts';
import { environmentOf, type ValueSources } from '../../../src/kubelet/pod/environment.ts';
import { expand } from '../../../src/kubelet/pod/expand.ts';
import { serviceVariables } from '../../../src/kubelet/pod/service-variables.ts';
import { podOf } from './scene.ts';

const maps: Record<string, ConfigMap> = {
  settings: { metadata: {}, data: { COLOUR: 'blue', 'bad=key': 'x' } },
};
const secrets: Record<string, Secret> = {
  keys: { metadata: {}, data: { word: Buffer.from('xyzzy').toString('base64') } },
};
const sources: ValueSources = {
  configMap: async (_, name) => maps[name],
  secret: async (_, name) => secrets[name],
  services: new Map([['WEB_SERVICE_HOST', '10.96.0.9']]),
  allocatable: new Map([['memory', '1Gi']]),
};
const environment = async (container: Partial<Container>) =>
  environmentOf(podOf(), { name: 'main', ...container }, sources);

t.test('$(NAME) is expanded, what is unknown or escaped stays', async (t) => {
  const variables = new Map([['A', '1']]);
  t.equal(expand('$(A)$(B) $$(A) $A ${A} $', variables), '1$(B) $(A) $A ${A} $');
});

t.test('env goes before envFrom, that before services; later ones see earlier ones', async (t) => {
  const { variables, skipped } = await environment({
    envFrom: [
      { configMapRef: { name: 'settings' } },
      { secretRef: { name: 'keys' }, prefix: 'S_' },
    ],
    env: [
      { name: 'URL', value: 'http://$(WEB_SERVICE_HOST)/$(COLOUR)/$(S_word)' },
      { name: 'COLOUR', value: 'red' },
      { name: 'LATE', value: '$(COLOUR)' },
    ],
  });
  t.same(Object.fromEntries(variables), {
    WEB_SERVICE_HOST: '10.96.0.9',
    COLOUR: 'red',
    S_word: 'xyzzy',
    URL: 'http://10.96.0.9/blue/xyzzy',
    LATE: 'red',
  });
  t.match(skipped, [/^Keys \[bad=key\] from the EnvFrom configMap default\/settings were skipped/]);
});

function key(name: string, optional = false): Partial<Container> {
  return { env: [{ name: 'X', valueFrom: { configMapKeyRef: { name, key: 'k', optional } } }] };
}

t.test('what is missing is said unless it is optional', async (t) => {
  const refused = (container: Partial<Container>, message: string) =>
    t.rejects(environment(container), { message });
  await refused({ envFrom: [{ configMapRef: { name: 'no' } }] }, 'configmap "no" not found');
  await refused({ envFrom: [{ secretRef: { name: 'no' } }] }, 'secret "no" not found');
  await refused(key('settings'), "couldn't find key k in ConfigMap default/settings");
  await refused(key('no'), 'configmap "no" not found');
  const { variables } = await environment(key('no', true));
  t.notOk(variables.has('X'));
});

t.test('fields of the pod and amounts of its containers', async (t) => {
  const pod = podOf({ nodeName: 'host01' }, { podIP: '10.1.0.5', podIPs: [{ ip: '10.1.0.5' }] });
  t.equal(fieldValue(pod, 'metadata.name'), 'web');
  t.equal(fieldValue(pod, "metadata.labels['app']"), 'web');
  t.equal(fieldValue(pod, 'metadata.labels'), 'app="web"');
  t.equal(fieldValue(pod, 'status.podIPs'), '10.1.0.5');
  t.equal(fieldValue(pod, 'spec.nodeName'), 'host01');
  t.throws(() => fieldValue(pod, 'constructor'), { message: /unsupported fieldPath/ });
  const container = { name: 'a', resources: { limits: { cpu: '1500m' } } };
  const value = (resource: string, divisor?: string) =>
    resourceValue(container, { resource, divisor }, sources.allocatable);
  t.equal(value('limits.cpu'), '2');
  t.equal(value('limits.cpu', '1m'), '1500');
  t.equal(value('limits.memory', '1Mi'), '1024', 'the node is the limit of what has none');
  t.equal(value('requests.memory'), '0');
});

function service(namespace: string, name: string, clusterIP: string) {
  const ports = [{ name: 'http-alt', port: 80, protocol: 'TCP' }];
  return { metadata: { namespace, name }, spec: { clusterIP, ports } };
}

t.test('services are told as hosts and ports', async (t) => {
  const all = [
    service('default', 'my-web', '10.96.0.9'),
    service('default', 'kubernetes', '10.96.0.1'),
    service('default', 'headless', 'None'),
    service('other', 'hidden', '10.96.0.8'),
  ];
  const told = serviceVariables(all, 'default', true);
  t.match(Object.fromEntries(told), {
    MY_WEB_SERVICE_HOST: '10.96.0.9',
    MY_WEB_SERVICE_PORT: '80',
    MY_WEB_SERVICE_PORT_HTTP_ALT: '80',
    MY_WEB_PORT: 'tcp://10.96.0.9:80',
    MY_WEB_PORT_80_TCP: 'tcp://10.96.0.9:80',
    MY_WEB_PORT_80_TCP_PROTO: 'tcp',
    MY_WEB_PORT_80_TCP_PORT: '80',
    MY_WEB_PORT_80_TCP_ADDR: '10.96.0.9',
    KUBERNETES_SERVICE_HOST: '10.96.0.1',
  });
  t.notOk([...told.keys()].some((key) => /^(HEADLESS|HIDDEN)/.test(key)));
  const quiet = serviceVariables(all, 'elsewhere', false);
  t.ok([...quiet.keys()].every((key) => key.startsWith('KUBERNETES_')));
});
