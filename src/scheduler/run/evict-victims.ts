import { type ApiClient, nameOf, type Stored } from '../../api/client/client.ts';
import { resources } from '../../api/client/resources.ts';
import { ApiError } from '../../api/status.ts';
import { writeTime } from '../../api/time.ts';
import type { Pod } from '../../api/types/generated/core-v1.ts';
import type { PlacedPod } from '../state/placed-pod.ts';
import type { EventSink } from './options.ts';

export interface Evicting {
  readonly client: ApiClient;
  readonly events: EventSink | undefined;
  readonly source: string;
  readonly nowMs: number;
}

/** Makes room: each victim is told why, and deleted with its own grace. */
export async function evictVictims(
  evicting: Evicting,
  preemptor: Stored<Pod>,
  { victims, nodeName }: { readonly victims: readonly PlacedPod[]; readonly nodeName: string },
): Promise<void> {
  for (const { pod } of victims) {
    const victim = pod as Stored<Pod>;
    if (victim.metadata.deletionTimestamp !== undefined) continue;
    try {
      await evict(evicting, victim);
    } catch (error) {
      if (!(error instanceof ApiError && ['NotFound', 'Conflict'].includes(error.reason))) {
        throw error;
      }
      // It is gone already, or another pod has its name by now.
      continue;
    }
    evicting.events?.tell(resources.pods, victim, {
      source: evicting.source,
      type: 'Normal',
      reason: 'Preempted',
      message: `Preempted by pod ${preemptor.metadata.uid} on node ${nodeName}`,
    });
  }
}

async function evict({ client, nowMs, source }: Evicting, victim: Stored<Pod>): Promise<void> {
  const { uid } = victim.metadata;
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'PreemptionByScheduler',
    message: `${source}: preempting to accommodate a higher priority pod`,
    lastTransitionTime: writeTime(Math.floor(nowMs / 1000)),
  };
  await client.patch(resources.pods, nameOf(victim), {
    type: 'strategic',
    subresource: 'status',
    document: { metadata: { uid }, status: { conditions: [condition] } },
  });
  await client.delete(resources.pods, nameOf(victim), { preconditions: { uid } });
}
