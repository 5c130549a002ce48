import type { Labels } from '../../api/selector/label-selector.ts';
import type {
  NodeSelectorTerm,
  Pod,
  PreferredSchedulingTerm,
  Toleration,
} from '../../api/types/generated/core-v1.ts';
import type { OwnerReference } from '../../api/types/generated/meta-v1.ts';
import { readTerm, readTerms, type AffinityTerm, type WeightedTerm } from './affinity-term.ts';
import { hostPortsOf, type HostPort } from '../../api/host-port.ts';
import { requestsOf, type PodRequests } from './requests.ts';
import { readConstraints, type SpreadConstraint } from './spread-constraint.ts';

/** All that placing a pod depends on, read once. Pods of one template have the same. */
export interface PodFacts {
  readonly namespace: string;
  readonly labels: Labels;
  readonly priority: number;
  readonly nodeName: string;
  readonly requests: PodRequests;
  readonly ports: readonly HostPort[];
  readonly tolerations: readonly Toleration[];
  readonly nodeSelector: Labels;
  /** Any of these has to match; undefined asks for nothing. */
  readonly nodeTerms: readonly NodeSelectorTerm[] | undefined;
  readonly preferredNodes: readonly PreferredSchedulingTerm[];
  readonly affinity: readonly AffinityTerm[];
  readonly antiAffinity: readonly AffinityTerm[];
  readonly preferredPods: readonly WeightedTerm[];
  readonly constraints: readonly SpreadConstraint[];
  /** One for each container, init containers included. */
  readonly images: readonly string[];
  readonly claims: readonly string[];
  readonly controller: OwnerReference | undefined;
}

/** Throws DomainError `invalid` when a selector cannot be read. */
export function factsOf(pod: Pod): PodFacts {
  const { metadata, spec } = pod;
  const node = spec.affinity?.nodeAffinity;
  return {
    namespace: metadata.namespace ?? 'default',
    labels: metadata.labels ?? {},
    priority: spec.priority ?? 0,
    nodeName: spec.nodeName ?? '',
    requests: requestsOf(pod),
    ports: hostPortsOf(pod),
    tolerations: spec.tolerations ?? [],
    nodeSelector: spec.nodeSelector ?? {},
    nodeTerms: node?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms,
    preferredNodes: node?.preferredDuringSchedulingIgnoredDuringExecution ?? [],
    ...podTermsOf(pod),
    constraints: readConstraints(pod),
    images: [...(spec.initContainers ?? []), ...spec.containers].map(({ image }) => image ?? ''),
    claims: claimsOf(pod),
    controller: (metadata.ownerReferences ?? []).find((owner) => owner.controller === true),
  };
}

type PodTerms = Pick<PodFacts, 'affinity' | 'antiAffinity' | 'preferredPods'>;

function podTermsOf(pod: Pod): PodTerms {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  const near = podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const far = podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return {
    affinity: readTerms(pod, podAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    antiAffinity: readTerms(pod, podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    preferredPods: [
      ...near.map((one) => ({ ...readTerm(pod, one.podAffinityTerm), weight: one.weight })),
      ...far.map((one) => ({ ...readTerm(pod, one.podAffinityTerm), weight: -one.weight })),
    ],
  };
}

/** Ephemeral volumes have claims of their own, named after pod and volume. */
function claimsOf({ metadata, spec }: Pod): readonly string[] {
  return (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim !== undefined) return [persistentVolumeClaim.claimName];
    return ephemeral === undefined ? [] : [`${metadata.name ?? ''}-${name}`];
  });
}

/** Equal for pods that any cluster treats the same, so that one's preparation serves the next. */
export function signatureOf(pod: Pod): string {
  const { metadata, spec } = pod;
  const claims = (spec.volumes ?? []).some((one) => one.persistentVolumeClaim ?? one.ephemeral);
  return JSON.stringify([
    metadata.namespace,
    metadata.labels,
    metadata.ownerReferences,
    spec.priority,
    spec.nodeName,
    spec.nodeSelector,
    spec.affinity,
    spec.tolerations,
    spec.topologySpreadConstraints,
    spec.overhead,
    spec.resources,
    spec.containers.map(containerSignature),
    spec.initContainers?.map(containerSignature),
    claims ? claimsOf(pod) : 0,
    pod.status?.containerStatuses?.map(({ name, resources, allocatedResources }) => [
      name,
      resources,
      allocatedResources,
    ]),
  ]);
}

function containerSignature({
  name,
  image,
  resources,
  ports,
  restartPolicy,
}: Pod['spec']['containers'][number]): unknown {
  return [name, image, resources?.requests, ports, restartPolicy];
}
