import { collides, hostPortsOf } from '../../api/host-port.ts';
import { isMore, sumOf } from '../../api/quota/amounts.ts';
import { podAmounts } from '../../api/quota/pod-amounts.ts';
import { milliValue, parseQuantity, wholeValue } from '../../api/quantity.ts';
import type { Pod, Toleration } from '../../api/types/generated/core-v1.ts';
import type { NodeState } from '../node/node-state.ts';
import type { Failure } from './container-status.ts';
import { isStatic } from './live-pod.ts';
import { qosOf } from './qos.ts';

const criticalPriority = 2_000_000_000;

/**
 * Why the node does not take a pod on; undefined when it does. The scheduler may have thought of
 * another state of the node, and whoever sets spec.nodeName himself was never asked.
 */
export function refusalOf(pod: Pod, others: readonly Pod[], node: NodeState): Failure | undefined {
  if (node.isShuttingDown) {
    const message = 'Pod was rejected as the node is shutting down.';
    return { reason: 'NodeShutdown', message };
  }
  const { os } = pod.spec;
  if (os?.name !== undefined && os.name !== 'linux') {
    const message = `Failed to admit pod as the OS of the node doesn't match the pod's OS label`;
    return { reason: 'PodOSNotSupported', message };
  }
  return (
    pressed(pod, node) ??
    unfit(pod, others, node) ??
    unselected(pod, node) ??
    crowded(pod, others) ??
    repelled(pod, node)
  );
}

function pressed(pod: Pod, node: NodeState): Failure | undefined {
  const { memory, disk, processes } = node.pressure();
  if (isCritical(pod)) return undefined;
  const refusesMemory = memory && qosOf(pod) === 'BestEffort';
  const tolerates = (pod.spec.tolerations ?? []).some(({ key }) => {
    return key === 'node.kubernetes.io/memory-pressure';
  });
  const conditions = [
    ...(refusesMemory && !tolerates ? ['MemoryPressure'] : []),
    ...(disk ? ['DiskPressure'] : []),
    ...(processes ? ['PIDPressure'] : []),
  ];
  if (conditions.length === 0) return undefined;
  const message = `The node had condition: [${conditions.join(' ')}]. `;
  return { reason: 'Evicted', message };
}

export function isCritical(pod: Pod): boolean {
  return isStatic(pod) || (pod.spec.priority ?? 0) >= criticalPriority;
}

/** What all together ask for has to be there. */
function unfit(pod: Pod, others: readonly Pod[], node: NodeState): Failure | undefined {
  const allocatable = node.allocatable();
  const most = Number(allocatable.get('pods') ?? Infinity);
  if (others.length + 1 > most) {
    return outOf('pods', { requested: 1, used: others.length, capacity: most });
  }
  const wanted = podAmounts(pod, 'requests');
  if ([...wanted.values()].every(({ nano }) => nano === 0n)) return undefined;
  const used = sumOf(...others.map((one) => podAmounts(one, 'requests')));
  for (const [name, amount] of wanted) {
    const capacity = allocatable.get(name);
    if (amount.nano === 0n || (capacity === undefined && !counts(name))) continue;
    const room = parseQuantity(capacity ?? '0');
    const taken = used.get(name) ?? parseQuantity('0');
    if (!isMore({ nano: taken.nano + amount.nano, format: 'decimal' }, room)) continue;
    const value = name === 'cpu' ? milliValue : wholeValue;
    return outOf(name, { requested: value(amount), used: value(taken), capacity: value(room) });
  }
  return undefined;
}

/** What a node must offer to have; what others than the kubelet count is theirs to refuse. */
function counts(name: string): boolean {
  return name === 'cpu' || name === 'memory';
}

function outOf(
  name: string,
  { requested, used, capacity }: { requested: number; used: number; capacity: number },
): Failure {
  const amounts = `requested: ${requested}, used: ${used}, capacity: ${capacity}`;
  return {
    reason: `OutOf${name}`,
    message: `Node didn't have enough resource: ${name}, ${amounts}`,
  };
}

function unselected(pod: Pod, node: NodeState): Failure | undefined {
  const { metadata } = node.node() ?? {};
  if (metadata === undefined || isStatic(pod)) return undefined;
  const labels = metadata.labels ?? {};
  const wanted = Object.entries(pod.spec.nodeSelector ?? {});
  if (wanted.some(([key, value]) => labels[key] !== value)) {
    return predicate('NodeAffinity', "node(s) didn't match Pod's node affinity/selector");
  }
  return undefined;
}

/** A port of the node belongs to one pod. */
function crowded(pod: Pod, others: readonly Pod[]): Failure | undefined {
  const wanted = hostPortsOf(pod);
  if (wanted.length === 0) return undefined;
  const taken = others.flatMap(hostPortsOf);
  const isFree = wanted.every(({ port, address }) => {
    return !taken.some((one) => one.port === port && collides(one.address, address));
  });
  if (isFree) return undefined;
  return predicate('NodePorts', "node(s) didn't have free ports for the requested pod ports");
}

function repelled(pod: Pod, node: NodeState): Failure | undefined {
  const { spec } = node.node() ?? {};
  if (isStatic(pod)) return undefined;
  const taint = (spec?.taints ?? []).find(({ key, value = '', effect }) => {
    return effect === 'NoExecute' && !tolerated(pod, { key, value });
  });
  if (taint === undefined) return undefined;
  return predicate('TaintToleration', "node(s) had taints that the pod didn't tolerate");
}

function predicate(name: string, why: string): Failure {
  return { reason: name, message: `Predicate ${name} failed: ${why}` };
}

function tolerated({ spec }: Pod, taint: { key: string; value: string }): boolean {
  return (spec.tolerations ?? []).some((toleration: Toleration) => {
    const { key = '', operator = 'Equal', value = '', effect = '' } = toleration;
    if (effect !== '' && effect !== 'NoExecute') return false;
    if (key === '') return operator === 'Exists';
    return key === taint.key && (operator === 'Exists' || value === taint.value);
  });
}
