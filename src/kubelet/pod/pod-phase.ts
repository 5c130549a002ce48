import type { Container, ContainerStatus, Pod } from '../../api/types/generated/core-v1.ts';

export type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

export interface Statuses {
  readonly init: readonly ContainerStatus[];
  readonly main: readonly ContainerStatus[];
}

/** The phase that containers in these states make; `ending` when none will start any more. */
export function phaseOf({ spec }: Pod, { init, main }: Statuses, ending: boolean): Phase {
  const policy = spec.restartPolicy ?? 'Always';
  const progress = (spec.initContainers ?? []).map(({ name, restartPolicy }) => {
    const status = init.find((one) => one.name === name);
    return restartPolicy === 'Always' ? sidecarProgress(status) : initProgress(status);
  });
  const states = main.map(stateOf);
  const count = (state: State) => states.filter((one) => one === state).length;
  const stopped = count('succeeded') + count('failed');
  if (progress.includes('failed') && (policy === 'Never' || ending)) return 'Failed';
  if (progress.includes('pending') && stopped + count('running') === 0) {
    return ending ? 'Failed' : 'Pending';
  }
  if (count('waiting') > 0 && !ending) return 'Pending';
  const sidecars = init.some(({ name, state }) => {
    return state?.running !== undefined && isSidecar(spec.initContainers, name);
  });
  if (count('running') > 0 || (sidecars && stopped > 0)) return 'Running';
  if (stopped === 0) return 'Pending';
  if (policy === 'Always' && !ending) return 'Running';
  if (count('failed') === 0) return 'Succeeded';
  return policy === 'Never' || ending ? 'Failed' : 'Running';
}

function isSidecar(containers: readonly Container[] | undefined, name: string): boolean {
  return containers?.find((one) => one.name === name)?.restartPolicy === 'Always';
}

type State = 'waiting' | 'running' | 'succeeded' | 'failed';

/** One that waits for its next attempt has ended; one that never ran waits. */
function stateOf({ state, lastState }: ContainerStatus): State {
  if (state?.running !== undefined) return 'running';
  const ended = state?.terminated ?? lastState?.terminated;
  if (ended === undefined) return 'waiting';
  return ended.exitCode === 0 ? 'succeeded' : 'failed';
}

function initProgress(status: ContainerStatus | undefined): 'done' | 'pending' | 'failed' {
  const ended = status?.state?.terminated;
  if (ended !== undefined) return ended.exitCode === 0 ? 'done' : 'failed';
  const last = status?.lastState?.terminated;
  return status?.state?.waiting !== undefined && last !== undefined && last.exitCode !== 0
    ? 'failed'
    : 'pending';
}

function sidecarProgress(status: ContainerStatus | undefined): 'done' | 'pending' {
  const { state, lastState, started } = status ?? {};
  if (state?.running !== undefined) return started === true ? 'done' : 'pending';
  if (state?.terminated !== undefined) return 'done';
  return lastState?.terminated === undefined ? 'pending' : 'done';
}
