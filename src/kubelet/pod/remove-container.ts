import type { ObservedContainer } from '../runtime/observed-pod.ts';
import type { LivePod } from './live-pod.ts';
import { unlinkLog } from './pod-files.ts';
import type { PodSurroundings } from './pod-surroundings.ts';

/** Removes an ended container, and first the link to its log, which nobody would find later. */
export async function removeContainer(
  { runtime, settings }: PodSurroundings,
  pod: LivePod,
  { id, name }: Pick<ObservedContainer, 'id' | 'name'>,
): Promise<void> {
  if (settings.logLinks !== '') {
    await unlinkLog({ folder: settings.logLinks, pod, container: name, id });
  }
  await runtime.removeContainer(id);
}
