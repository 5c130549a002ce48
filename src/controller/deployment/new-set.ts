import { resources } from '../../api/client/resources.ts';
import { equal, type Json } from '../../api/json.ts';
import type { ReplicaSet as NewSet } from '../../api/types/generated/apps-v1.ts';
import { messageOf } from '../../base/error.ts';
import type { Cluster } from '../cluster.ts';
import { findCondition, withCondition } from '../condition.ts';
import { controllerReference, isControlledBy } from '../owner.ts';
import { isEnding } from '../pod-control.ts';
import { isRefused } from '../../api/client/refusal.ts';
import type { Deployment, PodTemplate, ReplicaSet } from '../stored.ts';
import { hashOf } from '../template-hash.ts';
import { annotationsOfNew, newestRevision, sizeAnnotations } from './revision.ts';
import { byAge, newSize, type Rollout } from './rollout.ts';
import { conditionOf, hasDeadline } from './status.ts';

const hashLabel = 'pod-template-hash';

/** The set of the deployment's template, the oldest of several; the rest are old ones. */
export function splitSets(
  { spec }: Deployment,
  sets: readonly ReplicaSet[],
): Pick<Rollout, 'newSet' | 'oldSets'> {
  const newSet = sets
    .toSorted(byAge)
    .find((set) => isSameTemplate(set.spec.template, spec.template));
  return { newSet, oldSets: sets.filter((set) => set !== newSet) };
}

/** Whether two templates make the same pods; the label that tells sets apart does not count. */
export function isSameTemplate(a: PodTemplate | undefined, b: PodTemplate | undefined): boolean {
  return equal(withoutHash(a), withoutHash(b));
}

function withoutHash(template: PodTemplate | undefined): Json | undefined {
  if (template?.metadata?.labels?.[hashLabel] === undefined) return template;
  const { [hashLabel]: _, ...labels } = template.metadata.labels;
  return { ...template, metadata: { ...template.metadata, labels } };
}

/** Makes the replica set of a deployment's newest template, and counts its revisions. */
export class NewSetMaker {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** The newest set, where it is there, says which revision it is. */
  async withRevision(rollout: Rollout): Promise<Rollout> {
    const { deployment, newSet, oldSets } = rollout;
    if (newSet === undefined) return rollout;
    const known = newSet.metadata.annotations ?? {};
    const annotations = annotationsOfNew(deployment, known, newestRevision(oldSets) + 1);
    const { minReadySeconds } = deployment.spec;
    const same = (newSet.spec.minReadySeconds ?? 0) === (minReadySeconds ?? 0);
    if (same && equal(annotations, known)) return await this.#found(rollout, newSet);
    const updated = await this.#cluster.update(resources.replicaSets, {
      ...newSet,
      metadata: { ...newSet.metadata, annotations },
      spec: { ...newSet.spec, minReadySeconds },
    });
    return await this.#found({ ...rollout, newSet: updated }, updated);
  }

  /** The same; where it is not there it is made, as large as the rollout allows. */
  async withNewSet(rollout: Rollout): Promise<Rollout> {
    if (rollout.newSet !== undefined) return await this.withRevision(rollout);
    const { deployment } = rollout;
    const wanted = describeSet(rollout);
    try {
      const newSet = await this.#cluster.create(resources.replicaSets, wanted);
      this.#tellOf(deployment, newSet);
      const noted = await this.#note(deployment, {
        status: 'True',
        reason: 'NewReplicaSetCreated',
        message: `Created new replica set "${newSet.metadata.name}"`,
      });
      return { ...rollout, deployment: noted, newSet };
    } catch (error) {
      if (isRefused(error, 'AlreadyExists')) {
        const newSet = await this.#collide(deployment, wanted, error);
        return await this.withRevision({ ...rollout, newSet });
      }
      if (!isEnding(error) && !isRefused(error, 'Conflict')) await this.#fail(deployment, error);
      throw error;
    }
  }

  #tellOf(deployment: Deployment, { metadata, spec }: ReplicaSet): void {
    if ((spec.replicas ?? 0) === 0) return;
    this.#cluster.events.tell(resources.deployments, deployment, {
      source: 'deployment-controller',
      type: 'Normal',
      reason: 'ScalingReplicaSet',
      message: `Scaled up replica set ${metadata.name} from 0 to ${spec.replicas}`,
    });
  }

  /** The name is taken: by this very set, or by one of another template with the same hash. */
  async #collide(deployment: Deployment, wanted: NewSet, error: unknown): Promise<ReplicaSet> {
    const { namespace = '', name = '' } = wanted.metadata;
    const informer = this.#cluster.informer(resources.replicaSets);
    const known = await informer.refresh(namespace, name);
    const isOurs = known !== undefined && isControlledBy(known, deployment);
    if (
      known !== undefined &&
      isOurs &&
      isSameTemplate(known.spec.template, wanted.spec.template)
    ) {
      return known;
    }
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    await this.#cluster.updateStatus(resources.deployments, {
      ...deployment,
      status: { ...deployment.status, collisionCount },
    });
    throw error;
  }

  async #fail(deployment: Deployment, error: unknown): Promise<void> {
    const message = messageOf(error);
    await this.#note(deployment, { status: 'False', reason: 'ReplicaSetCreateError', message });
  }

  async #found(rollout: Rollout, { metadata }: ReplicaSet): Promise<Rollout> {
    const { deployment } = rollout;
    if (findCondition(deployment.status?.conditions, 'Progressing') !== undefined) return rollout;
    const noted = await this.#note(deployment, {
      status: 'True',
      reason: 'FoundNewReplicaSet',
      message: `Found new replica set "${metadata.name}"`,
    });
    return { ...rollout, deployment: noted };
  }

  async #note(
    deployment: Deployment,
    words: { readonly status: string; readonly reason: string; readonly message: string },
  ): Promise<Deployment> {
    if (!hasDeadline(deployment)) return deployment;
    const condition = conditionOf(this.#cluster.time(), { type: 'Progressing', ...words });
    const conditions = withCondition(deployment.status?.conditions, condition);
    if (conditions === deployment.status?.conditions) return deployment;
    return await this.#cluster.updateStatus(resources.deployments, {
      ...deployment,
      status: { ...deployment.status, conditions },
    });
  }
}

/** The set as it is made; its name and its label tell its template from all others. */
export function describeSet(rollout: Rollout): NewSet {
  const { deployment, oldSets } = rollout;
  const { spec, status, metadata } = deployment;
  const hash = hashOf(spec.template, status?.collisionCount ?? 0);
  const labels = { ...spec.template.metadata?.labels, [hashLabel]: hash };
  const annotations = annotationsOfNew(deployment, {}, newestRevision(oldSets) + 1);
  return {
    metadata: {
      namespace: metadata.namespace,
      name: `${metadata.name}-${hash}`,
      labels,
      annotations: { ...annotations, ...sizeAnnotations(deployment) },
      ownerReferences: [controllerReference(resources.deployments, deployment)],
    },
    spec: {
      replicas: newSize(rollout),
      minReadySeconds: spec.minReadySeconds,
      selector: {
        ...spec.selector,
        matchLabels: { ...spec.selector.matchLabels, [hashLabel]: hash },
      },
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    },
  };
}
