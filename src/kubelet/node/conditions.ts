import { writeTime } from '../../api/time.ts';
import type { NodeCondition } from '../../api/types/generated/core-v1.ts';

export interface Health {
  readonly memoryPressure: boolean;
  readonly diskPressure: boolean;
  readonly pidPressure: boolean;
  /** Why the node is not ready; none when it is. */
  readonly faults: readonly string[];
}

type Words = readonly [reason: string, message: string];

const pressures = [
  {
    type: 'MemoryPressure',
    of: ({ memoryPressure }: Health) => memoryPressure,
    pressed: ['KubeletHasInsufficientMemory', 'kubelet has insufficient memory available'],
    free: ['KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
  },
  {
    type: 'DiskPressure',
    of: ({ diskPressure }: Health) => diskPressure,
    pressed: ['KubeletHasDiskPressure', 'kubelet has disk pressure'],
    free: ['KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
  },
  {
    type: 'PIDPressure',
    of: ({ pidPressure }: Health) => pidPressure,
    pressed: ['KubeletHasInsufficientPID', 'kubelet has insufficient PID available'],
    free: ['KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
  },
] as const;

/** The conditions of now; the time of a transition stays where the status does. */
export function conditionsOf(
  health: Health,
  known: readonly NodeCondition[],
  nowMs: number,
): readonly NodeCondition[] {
  const time = writeTime(Math.floor(nowMs / 1000));
  const condition = (type: string, status: 'True' | 'False', words: Words): NodeCondition => {
    const before = known.find((entry) => entry.type === type);
    const kept = before?.status === status ? before.lastTransitionTime : undefined;
    const [reason, message] = words;
    const times = { lastHeartbeatTime: time, lastTransitionTime: kept ?? time };
    return { type, status, ...times, reason, message };
  };
  return [
    ...pressures.map(({ type, of, pressed, free }) =>
      of(health) ? condition(type, 'True', pressed) : condition(type, 'False', free),
    ),
    health.faults.length === 0
      ? condition('Ready', 'True', ['KubeletReady', 'kubelet is posting ready status'])
      : condition('Ready', 'False', ['KubeletNotReady', aggregated(health.faults)]),
  ];
}

/** As Go prints several errors at once. */
function aggregated(faults: readonly string[]): string {
  const [only = ''] = faults;
  return faults.length === 1 ? only : `[${faults.join(', ')}]`;
}

/** The events of what has changed, in the words that watchers of nodes know. */
export function transitionReasons(
  now: readonly NodeCondition[],
  before: readonly NodeCondition[],
): readonly string[] {
  return now.flatMap(({ type, status }) => {
    if (before.find((entry) => entry.type === type)?.status === status) return [];
    const words = reasons[type];
    if (words === undefined) return [];
    return [status === 'True' ? words[0] : words[1]];
  });
}

const reasons: Readonly<Record<string, readonly [string, string]>> = {
  MemoryPressure: ['NodeHasInsufficientMemory', 'NodeHasSufficientMemory'],
  DiskPressure: ['NodeHasDiskPressure', 'NodeHasNoDiskPressure'],
  PIDPressure: ['NodeHasInsufficientPID', 'NodeHasSufficientPID'],
  Ready: ['NodeReady', 'NodeNotReady'],
};
