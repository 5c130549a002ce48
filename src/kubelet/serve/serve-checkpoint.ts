import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeTime } from '../../api/time.ts';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/error.ts';
import { containersOf } from '../pod/pod-containers.ts';
import { Refusal } from './refusal.ts';
import { podOf, type StreamPlace, type StreamSource } from './serve-stream.ts';

export interface CheckpointSource extends StreamSource {
  readonly clock: Clock;
  /** The kubelet's own folder, `/var/lib/kubelet`. */
  readonly root: string;
}

/**
 * `checkpoint/NAMESPACE/POD/CONTAINER?timeout=SECONDS`: has the runtime write a running container's
 * memory and files to an archive in a folder of root's alone, and says where it is.
 */
export async function checkpoint(
  source: CheckpointSource,
  place: Omit<StreamPlace, 'verb'>,
): Promise<string> {
  const { pods, runtime, clock, root } = source;
  const pod = podOf(pods, place);
  const { namespace, pod: name, container } = place;
  if (!containersOf(pod).some((one) => one.container.name === container)) {
    throw new Refusal(404, `container ${container} does not exist`);
  }
  const timeoutSeconds = secondsIn(place.query);
  const folder = join(root, 'checkpoints');
  const time = writeTime(Math.floor(clock.now() / 1000));
  const location = join(folder, `checkpoint-${name}_${namespace}-${container}-${time}.tar`);
  try {
    const id = pods.containerId(pod.metadata.uid, container);
    if (id === undefined) throw new Error(`container ${container} not found`);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await runtime.checkpointContainer(id, location, timeoutSeconds);
  } catch (error) {
    const what = `${namespace}/${name}/${container}`;
    throw new Refusal(500, `checkpointing of ${what} failed (${messageOf(error)})`);
  }
  return JSON.stringify({ items: [location] });
}

/** 0 for as long as the runtime takes. */
function secondsIn(query: URLSearchParams): number {
  const word = query.get('timeout') ?? '0';
  if (/^\d{1,6}$/.test(word)) return Number(word);
  throw new Refusal(404, 'cannot parse value of timeout parameter');
}
