import type { ContainerStatus, Pod, PodCondition } from '../../api/types/generated/core-v1.ts';
import type { Phase, Statuses } from './pod-phase.ts';

export interface ConditionFacts {
  readonly pod: Pod;
  readonly statuses: Statuses;
  readonly phase: Phase;
  /** The sandbox works and has its network. */
  readonly sandboxReady: boolean;
  readonly now: string;
}

type Draft = Pick<PodCondition, 'type' | 'status' | 'reason' | 'message'>;

/** The conditions that the kubelet answers for; each keeps the time of its last change. */
export function conditionsOf(facts: ConditionFacts): PodCondition[] {
  const { pod, now } = facts;
  const containersReady = readyCondition('ContainersReady', facts);
  const all: Draft[] = [
    { type: 'PodReadyToStartContainers', status: facts.sandboxReady ? 'True' : 'False' },
    initialized(facts),
    gated({ ...containersReady, type: 'Ready' }, facts.pod),
    containersReady,
    { type: 'PodScheduled', status: 'True' },
  ];
  return all.map((draft) => {
    const before = pod.status?.conditions?.find(({ type }) => type === draft.type);
    const lastTransitionTime =
      before?.status === draft.status ? (before.lastTransitionTime ?? now) : now;
    const generation = pod.metadata.generation;
    return {
      ...draft,
      lastTransitionTime,
      ...(generation !== undefined && { observedGeneration: generation }),
    };
  });
}

function initialized({ pod, statuses, phase }: ConditionFacts): Draft {
  const type = 'Initialized';
  const initial = pod.spec.initContainers ?? [];
  if (phase === 'Succeeded') return { type, status: 'True', reason: 'PodCompleted' };
  // Who runs has been through it, also when an init container is started anew.
  const isPast = statuses.main.some(({ state, lastState }) => {
    return (state?.running ?? state?.terminated ?? lastState?.terminated) !== undefined;
  });
  const incomplete = initial.filter(({ name, restartPolicy }) => {
    const status = statuses.init.find((one) => one.name === name);
    if (restartPolicy === 'Always') return status?.started !== true;
    return status?.state?.terminated?.exitCode !== 0;
  });
  if (isPast || incomplete.length === 0) return { type, status: 'True' };
  const names = incomplete.map(({ name }) => name).join(' ');
  return {
    type,
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: [${names}]`,
  };
}

function readyCondition(type: string, { pod, statuses, phase }: ConditionFacts): Draft {
  if (phase === 'Succeeded') return { type, status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { type, status: 'False', reason: 'PodFailed' };
  const sidecars = new Set(
    (pod.spec.initContainers ?? [])
      .filter(({ restartPolicy }) => restartPolicy === 'Always')
      .map(({ name }) => name),
  );
  const counted = [...statuses.init.filter(({ name }) => sidecars.has(name)), ...statuses.main];
  const unready = counted.filter(({ ready }: ContainerStatus) => !ready);
  if (unready.length === 0) return { type, status: 'True' };
  const names = unready.map(({ name }) => name).join(' ');
  return {
    type,
    status: 'False',
    reason: 'ContainersNotReady',
    message: `containers with unready status: [${names}]`,
  };
}

/** Others have a say in whether a pod is ready: what its readinessGates name must be true, too. */
function gated(ready: Draft, { spec, status }: Pod): Draft {
  if (ready.status !== 'True') return ready;
  const messages = (spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const condition = status?.conditions?.find(({ type }) => type === conditionType);
    const gate = `corresponding condition of pod readiness gate "${conditionType}"`;
    if (condition === undefined) return [`${gate} does not exist.`];
    if (condition.status === 'True') return [];
    return [
      `the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`,
    ];
  });
  if (messages.length === 0) return ready;
  const message = messages.join(', ');
  return { type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady', message };
}
