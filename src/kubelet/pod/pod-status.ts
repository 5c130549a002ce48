import { writeTime } from '../../api/time.ts';
import type { PodCondition, PodStatus } from '../../api/types/generated/core-v1.ts';
import { currentSandbox } from '../runtime/observed-pod.ts';
import { type ContainerKnowledge, containerStatus, type Failure } from './container-status.ts';
import { containersOf, type ContainerRole } from './pod-containers.ts';
import { conditionsOf } from './pod-conditions.ts';
import { phaseOf } from './pod-phase.ts';
import { qosOf } from './qos.ts';

export interface PodKnowledge extends Omit<ContainerKnowledge, 'before'> {
  readonly hostAddresses: readonly string[];
  readonly startTime: string;
  /** What ended the pod as a whole, where it was not its containers. */
  readonly failure: Failure | undefined;
}

/** The status of a pod, of what is known. The server's own conditions are not in it. */
export function podStatus(known: PodKnowledge): PodStatus {
  const { pod, observed, failure, hostAddresses } = known;
  const { status } = pod;
  const all = containersOf(pod);
  const listOf = (roles: readonly ContainerRole[], before = status?.containerStatuses) =>
    all
      .filter(({ role }) => roles.includes(role))
      .map((what) => containerStatus({ ...known, before: before ?? [] }, what));
  const init = listOf(['init', 'sidecar'], status?.initContainerStatuses ?? []);
  const main = listOf(['main']);
  const ephemeral = listOf(['ephemeral'], status?.ephemeralContainerStatuses ?? []).toSorted(
    byName,
  );
  const statuses = { init, main };
  const runs = [...init, ...main].some(({ state }) => state?.running !== undefined);
  const phase =
    failure !== undefined && !runs ? 'Failed' : phaseOf(pod, statuses, known.ending && !runs);
  const sandbox = currentSandbox(observed);
  const addresses = pod.spec.hostNetwork === true ? hostAddresses : (sandbox?.addresses ?? []);
  const now = writeTime(Math.floor(known.nowMs / 1000));
  const sandboxReady = sandbox !== undefined && addresses.length > 0;
  const generation = pod.metadata.generation;
  return {
    ...(generation !== undefined && { observedGeneration: generation }),
    phase,
    ...(failure !== undefined && { reason: failure.reason, message: failure.message }),
    conditions: [
      ...conditionsOf({ pod, statuses, phase, sandboxReady, now }),
      ...disruption(failure, now),
    ],
    ...addressFields(hostAddresses, sandbox === undefined ? [] : addresses),
    startTime: known.startTime,
    ...(init.length > 0 && { initContainerStatuses: init }),
    containerStatuses: main.toSorted(byName),
    ...(ephemeral.length > 0 && { ephemeralContainerStatuses: ephemeral }),
    qosClass: status?.qosClass ?? qosOf(pod),
  };
}

/** As stock kubelets have them, for those who ask for the first: init containers by their turn. */
function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : 1;
}

function addressFields(host: readonly string[], own: readonly string[]): PodStatus {
  const [hostIP] = host;
  const [podIP] = own;
  return {
    ...(hostIP !== undefined && { hostIP, hostIPs: host.map((ip) => ({ ip })) }),
    ...(podIP !== undefined && { podIP, podIPs: own.map((ip) => ({ ip })) }),
  };
}

/** Reasons for which the node, not the pod, wanted its end; Jobs tell them apart. */
const disruptions = new Set(['Evicted', 'Preempting', 'Terminated']);

function disruption(failure: Failure | undefined, now: string): PodCondition[] {
  if (failure === undefined || !disruptions.has(failure.reason)) return [];
  return [
    {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'TerminationByKubelet',
      message: failure.message,
      lastTransitionTime: now,
    },
  ];
}
