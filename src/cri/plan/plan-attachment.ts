import { DomainError } from '../../base/error.ts';
import { networksAnnotation, type PodAttachment } from '../../sandbox/sandbox-service.ts';
import { type PodSandboxConfig, type PortMapping, Protocol } from '../generated/runtime.ts';

/** What the plugins of a pod's network are told, in the words that kubelets' runtimes agreed on. */
export function planAttachment(id: string, config: PodSandboxConfig): PodAttachment {
  const { name = '', namespace = '', uid = '' } = config.metadata ?? {};
  const dns = config.dns_config;
  const portMappings = config.port_mappings.filter(({ host_port }) => host_port > 0).map(mapping);
  const bandwidth = planBandwidth(config.annotations);
  const secondary = config.annotations[networksAnnotation] ?? '';
  return {
    arguments: {
      K8S_POD_NAMESPACE: namespace,
      K8S_POD_NAME: name,
      K8S_POD_INFRA_CONTAINER_ID: id,
      K8S_POD_UID: uid,
    },
    capabilityArguments: {
      ...(portMappings.length > 0 && { portMappings }),
      ...(bandwidth !== undefined && { bandwidth }),
      ...(dns !== undefined && {
        dns: { servers: dns.servers, searches: dns.searches, options: dns.options },
      }),
    },
    ...(secondary !== '' && { secondary }),
  };
}

const protocols: Readonly<Record<number, string>> = {
  [Protocol.TCP]: 'tcp',
  [Protocol.UDP]: 'udp',
  [Protocol.SCTP]: 'sctp',
};

export function protocolName(protocol: number): string {
  return protocols[protocol] ?? 'tcp';
}

function mapping({ protocol, host_port, container_port, host_ip }: PortMapping) {
  return {
    hostPort: host_port,
    containerPort: container_port,
    protocol: protocolName(protocol),
    ...(host_ip !== '' && { hostIP: host_ip }),
  };
}

/** Bits a second and bits, as the bandwidth plugin has them; undefined without an annotation. */
function planBandwidth(annotations: Readonly<Record<string, string>>) {
  const ingressRate = rate(annotations, 'kubernetes.io/ingress-bandwidth');
  const egressRate = rate(annotations, 'kubernetes.io/egress-bandwidth');
  if (ingressRate === undefined && egressRate === undefined) return undefined;
  return {
    ...(ingressRate !== undefined && { ingressRate, ingressBurst: burst(ingressRate) }),
    ...(egressRate !== undefined && { egressRate, egressBurst: burst(egressRate) }),
  };
}

/** The kubelet's own bounds: what is below or above is a mistake. */
const leastBits = 1_000;
const mostBits = 1_000_000_000_000_000;

const multipliers: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

function rate(annotations: Readonly<Record<string, string>>, key: string): number | undefined {
  const text = annotations[key];
  if (text === undefined) return undefined;
  const [, digits = '', suffix = ''] = /^(\d{1,15}(?:\.\d{1,6})?)([a-zA-Z]*)$/.exec(text) ?? [];
  const bits = Math.round(Number(digits) * (multipliers[suffix] ?? Number.NaN));
  if (digits !== '' && bits >= leastBits && bits <= mostBits) return bits;
  throw new DomainError('invalid', `Annotation "${key}" is "${text}", not 1k to 1P bits a second`);
}

/**
 * A tenth of a second's worth, at least a large packet's: with the largest burst that there is,
 * which other runtimes ask for, a pod is not limited at all for its first half gigabyte.
 */
function burst(bits: number): number {
  return Math.max(Math.round(bits / 10), 8 * 64 * 1024);
}
