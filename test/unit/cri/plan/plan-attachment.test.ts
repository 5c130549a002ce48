import t from 'tap';
import { PodSandboxConfig } from '../../../../src/cri/generated/runtime.ts';
import { decode, encode } from '../../../../src/grpc/codec.ts';
import { planAttachment } from '../../../../src/cri/plan/plan-attachment.ts';

const config = (fields: object) => decode(PodSandboxConfig, encode(PodSandboxConfig, fields));
const offered = (fields: object) => planAttachment('ab', config(fields)).capabilityArguments;
const annotated = (ingress: string) =>
  offered({ annotations: { 'kubernetes.io/ingress-bandwidth': ingress } });

t.test('plugins learn name, namespace and uid of the pod', async (t) => {
  const metadata = { name: 'web', namespace: 'default', uid: 'u1', attempt: 0 };
  t.same(planAttachment('ab', config({ metadata })).arguments, {
    K8S_POD_NAMESPACE: 'default',
    K8S_POD_NAME: 'web',
    K8S_POD_INFRA_CONTAINER_ID: 'ab',
    K8S_POD_UID: 'u1',
  });
});

t.test('a pod that asks for nothing offers nothing', async (t) => {
  t.same(offered({}), {});
});

t.test('host ports become portMappings, container ports alone do not', async (t) => {
  const port_mappings = [
    { protocol: 0, container_port: 80, host_port: 8080, host_ip: '127.0.0.1' },
    { protocol: 1, container_port: 53, host_port: 5353 },
    { protocol: 0, container_port: 9090 },
  ];
  t.same(offered({ port_mappings }), {
    portMappings: [
      { hostPort: 8080, containerPort: 80, protocol: 'tcp', hostIP: '127.0.0.1' },
      { hostPort: 5353, containerPort: 53, protocol: 'udp' },
    ],
  });
});

t.test(
  'bandwidth annotations become bits a second with a burst of a tenth of a second',
  async (t) => {
    t.same(annotated('100M'), { bandwidth: { ingressRate: 100e6, ingressBurst: 10e6 } });
    t.same(annotated('10Mi'), { bandwidth: { ingressRate: 10 * 2 ** 20, ingressBurst: 1048576 } });
    t.same(annotated('1.5M'), { bandwidth: { ingressRate: 1.5e6, ingressBurst: 524288 } });
  },
);

t.test('bandwidth that is no rate is refused', async (t) => {
  for (const text of ['', '10', '-1M', '1X', '1e9', '999P', '1M; reboot']) {
    t.throws(() => annotated(text), { name: 'DomainError', message: /not 1k to 1P/ });
  }
});
