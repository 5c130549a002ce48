import { familyOfText, type IpFamily } from '../../api/address-range.ts';
import type * as coreV1 from '../../api/types/generated/core-v1.ts';
import { isReady, isTerminating } from '../pod-state.ts';
import type { Pod, Service } from '../stored.ts';

/** A port as those who connect see it. */
export interface BackendPort {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly appProtocol: string | undefined;
}

/** A pod behind a service. */
export interface Backend {
  readonly pod: Pod;
  readonly address: string;
  /** May be sent requests. */
  readonly ready: boolean;
  /** Answers requests, though it may be on its way out. */
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly ports: readonly BackendPort[];
}

/** In which families a service is reached, its first one first. */
export function familiesOf({ spec }: Service): readonly IpFamily[] {
  const named = (spec.ipFamilies ?? []).filter((one) => one === 'IPv4' || one === 'IPv6');
  if (named.length > 0) return named;
  return [familyOfText(spec.clusterIP ?? '')];
}

/** The pods that a service selects and that have an address of the family, as they are reached. */
export function backendsOf(
  service: Service,
  pods: readonly Pod[],
  family: IpFamily,
): readonly Backend[] {
  const unready = service.spec.publishNotReadyAddresses === true;
  return pods.flatMap((pod) => {
    const { podIP = '', podIPs = [] } = pod.status ?? {};
    const address = [podIP, ...podIPs.map(({ ip }) => ip ?? '')].find(
      (one) => one !== '' && familyOfText(one) === family,
    );
    if (address === undefined || hasEnded(pod)) return [];
    const serving = isReady(pod);
    const terminating = isTerminating(pod);
    const ready = unready || (serving && !terminating);
    return [{ pod, address, ready, serving, terminating, ports: portsOf(service, pod) }];
  });
}

function hasEnded({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** A service's ports on a pod; one whose name the pod does not have is left out. */
function portsOf({ spec }: Service, pod: Pod): readonly BackendPort[] {
  return (spec.ports ?? []).flatMap((entry) => {
    const port = targetOf(entry, pod);
    if (port === undefined) return [];
    const { name = '', protocol = 'TCP', appProtocol } = entry;
    return [{ name, port, protocol, appProtocol }];
  });
}

function targetOf({ targetPort, port, protocol }: coreV1.ServicePort, pod: Pod) {
  if (targetPort === undefined || targetPort === 0) return port;
  if (typeof targetPort === 'number') return targetPort;
  const sidecars = (pod.spec.initContainers ?? []).filter(
    ({ restartPolicy }) => restartPolicy === 'Always',
  );
  return [...pod.spec.containers, ...sidecars]
    .flatMap(({ ports }) => ports ?? [])
    .find(({ name, protocol: of = 'TCP' }) => name === targetPort && of === (protocol ?? 'TCP'))
    ?.containerPort;
}

/** What tells one set of ports from another. */
export function portsKey(ports: readonly BackendPort[]): string {
  return ports
    .map(({ name, port, protocol, appProtocol }) => `${name} ${port} ${protocol} ${appProtocol}`)
    .toSorted()
    .join('\n');
}

export function referenceTo({ metadata }: Pod): coreV1.ObjectReference {
  const { namespace, name, uid } = metadata;
  return { kind: 'Pod', namespace, name, uid };
}

/** The name that the pod has in DNS below the service, where it has one. */
export function hostnameOf({ metadata }: Service, { spec }: Pod): string | undefined {
  const isBelow = spec.subdomain === metadata.name && (spec.hostname ?? '') !== '';
  return isBelow ? spec.hostname : undefined;
}

/** A service without an address of its own. */
export function isHeadless({ spec }: Service): boolean {
  return spec.clusterIP === 'None';
}

export function hasSelector({ spec }: Service): boolean {
  return spec.type !== 'ExternalName' && Object.keys(spec.selector ?? {}).length > 0;
}
