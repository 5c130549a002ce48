import { resources } from '../../api/client/resources.ts';
import type { Cluster } from '../cluster.ts';
import type { Deployment, ReplicaSet } from '../stored.ts';
import { sizeAnnotations } from './revision.ts';
import { type Scaling, sizeOf } from './rollout.ts';

/** Gives a set its size, and notes the deployment's size beside. Tells of it when it changes. */
export async function scaleSet(
  cluster: Cluster,
  deployment: Deployment,
  { set, replicas }: Scaling,
): Promise<ReplicaSet> {
  const sizes = sizeAnnotations(deployment);
  const { annotations } = set.metadata;
  const noted = Object.entries(sizes).every(([name, value]) => annotations?.[name] === value);
  const before = sizeOf(set);
  if (before === replicas && noted) return set;
  const scaled = await cluster.update(resources.replicaSets, {
    ...set,
    metadata: { ...set.metadata, annotations: { ...annotations, ...sizes } },
    spec: { ...set.spec, replicas },
  });
  if (before !== replicas) {
    const direction = replicas > before ? 'up' : 'down';
    cluster.events.tell(resources.deployments, deployment, {
      source: 'deployment-controller',
      type: 'Normal',
      reason: 'ScalingReplicaSet',
      message: `Scaled ${direction} replica set ${set.metadata.name} from ${before} to ${replicas}`,
    });
  }
  return scaled;
}
