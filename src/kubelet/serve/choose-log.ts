import type { ContainerStatus, Pod } from '../../api/types/generated/core-v1.ts';
import { Refusal } from './refusal.ts';

export interface LogChoice {
  readonly container: string;
  /** The one before, which has ended. */
  readonly previous: boolean;
}

/**
 * Whose log is meant: the id of the container that runs, or of the last that ran. Refuses with the
 * words that clients show.
 */
export function chooseLog(pod: Pod, { container: name, previous }: LogChoice): string {
  const podName = pod.metadata.name ?? '';
  const what = `container ${JSON.stringify(name)} in pod ${JSON.stringify(podName)}`;
  const found = statusOf(pod, name);
  if (found === undefined) throw new Refusal(400, `${what} is not available`);
  const { waiting, running, terminated } = found.state ?? {};
  const before = bareId(found.lastState?.terminated?.containerID);
  if (previous) {
    if (before !== '') return before;
    throw new Refusal(400, `previous terminated ${what} not found`);
  }
  if (running !== undefined) return bareId(found.containerID);
  const last = bareId(terminated?.containerID) || before;
  if (last !== '') return last;
  if (terminated !== undefined) throw new Refusal(400, `${what} is terminated`);
  throw new Refusal(400, `${what} is waiting to start${reasonOf(waiting?.reason)}`);
}

function reasonOf(reason: string | undefined): string {
  if (reason === undefined || reason === '') return ' - no logs yet';
  if (reason === 'ErrImagePull') return ": image can't be pulled";
  if (reason === 'ImagePullBackOff') return ': trying and failing to pull image';
  return `: ${reason}`;
}

function statusOf({ status }: Pod, name: string): ContainerStatus | undefined {
  const all = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ];
  return all.find((entry) => entry.name === name);
}

/** `containerd://0123` without the runtime's name. */
function bareId(id: string | undefined): string {
  return (id ?? '').replace(/^[^:]*:\/\//, '');
}
