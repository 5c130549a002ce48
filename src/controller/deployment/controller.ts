import { resources } from '../../api/client/resources.ts';
import { equal } from '../../api/json.ts';
import { readLabelSelector, matchesLabels } from '../../api/selector/label-selector.ts';
import { keyOf } from '../../api/client/client.ts';
import type { Cluster } from '../cluster.ts';
import type { Controller } from '../control-loop.ts';
import { findCondition, withCondition } from '../condition.ts';
import { claim, controllerOf, ownerIn, ownersOf } from '../owner.ts';
import { isFinished } from '../pod-state.ts';
import { podsOf } from '../pods.ts';
import type { Deployment, ReplicaSet } from '../stored.ts';
import { NewSetMaker, splitSets } from './new-set.ts';
import { annotation, revisionOf } from './revision.ts';
import { isScaled, planRolling, planScaling, type Rollout, sizeOf } from './rollout.ts';
import { scaleSet } from './scale-set.ts';
import * as status from './status.ts';

const source = 'deployment-controller';

/** Replaces the pods of an old template by those of a new one, through replica sets. */
export class DeploymentController implements Controller {
  readonly name = source;
  readonly #cluster: Cluster;
  readonly #deployments;
  readonly #sets;
  readonly #pods;
  readonly #maker: NewSetMaker;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#deployments = cluster.informer(resources.deployments);
    this.#sets = cluster.informer(resources.replicaSets);
    this.#pods = podsOf(cluster);
    this.#maker = new NewSetMaker(cluster);
  }

  get needs() {
    return [this.#deployments, this.#sets, this.#pods];
  }

  watch(queue: Parameters<Controller['watch']>[0]): void {
    this.#deployments.onChange((now, before) => {
      const object = now ?? before;
      if (object !== undefined) queue.add(keyOf(object));
    });
    this.#sets.onChange((now, before) => {
      for (const key of ownersOf(this.#deployments, now, before)) queue.add(key);
      if (now === undefined || controllerOf(now) !== undefined) return;
      for (const deployment of this.#deployments.list(now.metadata.namespace ?? '')) {
        const selector = readLabelSelector(deployment.spec.selector);
        if (matchesLabels(selector, now.metadata.labels ?? {})) queue.add(keyOf(deployment));
      }
    });
    // To recreate is to wait until the last old pod is gone.
    this.#pods.onChange((now, before) => {
      if (before === undefined || (now !== undefined && !isFinished(now))) return;
      const set = ownerIn(this.#sets, before);
      for (const key of ownersOf(this.#deployments, set)) queue.add(key);
    });
  }

  async reconcile(key: string): Promise<number | undefined> {
    const found = this.#deployments.getByKey(key);
    if (found === undefined) return undefined;
    if (selectsAll(found)) return await this.#refuse(found);
    const sets = await this.#claimed(found);
    if (found.metadata.deletionTimestamp !== undefined) {
      return await this.#report(this.#rollout(found, sets), 'counts');
    }
    const deployment = await this.#notePause(found);
    const rollout = this.#rollout(deployment, sets);
    if (deployment.spec.paused === true) return await this.#resize(rollout);
    if (isScaled(rollout)) return await this.#resize(rollout);
    return deployment.spec.strategy?.type === 'Recreate'
      ? await this.#recreate(rollout)
      : await this.#roll(rollout);
  }

  async #refuse(deployment: Deployment): Promise<undefined> {
    const message = 'This deployment is selecting all pods. A non-empty selector is required.';
    this.#tell(deployment, { type: 'Warning', reason: 'SelectingAll', message });
    const { observedGeneration = 0 } = deployment.status ?? {};
    const { generation = 0 } = deployment.metadata;
    if (observedGeneration >= generation) return;
    const status = { ...deployment.status, observedGeneration: generation };
    await this.#cluster.updateStatus(resources.deployments, { ...deployment, status });
  }

  async #claimed(owner: Deployment): Promise<ReplicaSet[]> {
    return await claim(this.#cluster, {
      ownerResource: resources.deployments,
      owner,
      selector: readLabelSelector(owner.spec.selector),
      resource: resources.replicaSets,
      candidates: this.#sets.list(owner.metadata.namespace ?? ''),
    });
  }

  #rollout(deployment: Deployment, sets: readonly ReplicaSet[]): Rollout {
    return { deployment, ...splitSets(deployment, sets) };
  }

  /** A pause stops the clock of the deadline; going on starts it anew. */
  async #notePause(deployment: Deployment): Promise<Deployment> {
    if (!status.hasDeadline(deployment)) return deployment;
    const { conditions } = deployment.status ?? {};
    const known = findCondition(conditions, 'Progressing');
    if (known?.reason === 'ProgressDeadlineExceeded') return deployment;
    const paused = deployment.spec.paused === true;
    const wasPaused = known?.reason === 'DeploymentPaused';
    if (paused === wasPaused) return deployment;
    const condition = status.conditionOf(this.#cluster.time(), {
      type: 'Progressing',
      status: 'Unknown',
      reason: paused ? 'DeploymentPaused' : 'DeploymentResumed',
      message: paused ? 'Deployment is paused' : 'Deployment is resumed',
    });
    return await this.#cluster.updateStatus(resources.deployments, {
      ...deployment,
      status: { ...deployment.status, conditions: withCondition(conditions, condition) },
    });
  }

  /** Sets keep their share of a new number of pods; of a paused deployment nothing else moves. */
  async #resize(rollout: Rollout): Promise<number | undefined> {
    const current = await this.#maker.withRevision(rollout);
    for (const { set, replicas } of planScaling(current)) {
      await scaleSet(this.#cluster, current.deployment, { set, replicas });
    }
    if (current.deployment.spec.paused === true) await this.#clean(current);
    return await this.#report(current, 'counts');
  }

  async #roll(rollout: Rollout): Promise<number | undefined> {
    const current = await this.#maker.withNewSet(rollout);
    const steps = planRolling(current);
    for (const step of steps) await scaleSet(this.#cluster, current.deployment, step);
    if (steps.length === 0) await this.#refreshSizes(current);
    if (status.isComplete(current.deployment, current.deployment.status ?? {})) {
      await this.#clean(current);
    }
    return await this.#report(current, 'rollout');
  }

  /** The new set notes what it was sized for, which a later scaling goes by. */
  async #refreshSizes({ deployment, newSet }: Rollout): Promise<void> {
    if (newSet === undefined) return;
    await scaleSet(this.#cluster, deployment, { set: newSet, replicas: sizeOf(newSet) });
  }

  async #recreate(rollout: Rollout): Promise<number | undefined> {
    const active = rollout.oldSets.filter((set) => sizeOf(set) > 0);
    for (const set of active) {
      await scaleSet(this.#cluster, rollout.deployment, { set, replicas: 0 });
    }
    const busy = active.length > 0 || rollout.oldSets.some((set) => this.#mayHavePods(set));
    if (busy) return await this.#report(await this.#maker.withRevision(rollout), 'rollout');
    const current = await this.#maker.withNewSet(rollout);
    if (current.newSet !== undefined) {
      const replicas = current.deployment.spec.replicas ?? 1;
      await scaleSet(this.#cluster, current.deployment, { set: current.newSet, replicas });
    }
    if (status.isComplete(current.deployment, current.deployment.status ?? {})) {
      await this.#clean(current);
    }
    return await this.#report(current, 'rollout');
  }

  /**
   * Pods on their way out count too: they may still run. And a set whose controller has not seen
   * yet that it is to have none may be making one in this moment.
   */
  #mayHavePods(set: ReplicaSet): boolean {
    const { generation = 0, deletionTimestamp } = set.metadata;
    const isHeard = (set.status?.observedGeneration ?? 0) >= generation;
    if (!isHeard && deletionTimestamp === undefined) return true;
    return this.#pods.find('owner', set.metadata.uid).some((pod) => !isFinished(pod));
  }

  /** Old sets are the history to roll back to; there are as many as the limit says. */
  async #clean({ deployment, oldSets }: Rollout): Promise<void> {
    const limit = deployment.spec.revisionHistoryLimit ?? 10;
    const kept = oldSets.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const surplus = kept
      .toSorted((a, b) => revisionOf(a) - revisionOf(b))
      .slice(0, Math.max(0, kept.length - limit));
    for (const set of surplus) {
      const { replicas = 0, observedGeneration = 0 } = set.status ?? {};
      const idle = replicas === 0 && sizeOf(set) === 0;
      if (!idle || (set.metadata.generation ?? 0) > observedGeneration) continue;
      await this.#cluster.delete(resources.replicaSets, set);
    }
  }

  async #report(before: Rollout, kind: 'counts' | 'rollout'): Promise<number | undefined> {
    const { deployment, ...sets } = before;
    const fresh = (set: ReplicaSet) => {
      const now = this.#sets.get(set.metadata.namespace ?? '', set.metadata.name);
      return now?.metadata.uid === set.metadata.uid ? [now] : [];
    };
    const rollout: Rollout = {
      deployment,
      newSet: sets.newSet === undefined ? undefined : fresh(sets.newSet)[0],
      oldSets: sets.oldSets.flatMap(fresh),
    };
    const now = { nowMs: this.#cluster.now(), time: this.#cluster.time() };
    const next =
      kind === 'counts' ? status.countsOf(rollout, now) : status.rolloutStatus(rollout, now);
    const revised = withRevisionOf(deployment, rollout.newSet);
    const changed = !equal(next, deployment.status);
    if (changed || revised !== deployment) {
      await this.#cluster.updateStatus(resources.deployments, { ...revised, status: next });
    }
    return status.stuckInMs(deployment, next, now.nowMs);
  }

  #tell(
    deployment: Deployment,
    happening: { type: 'Normal' | 'Warning'; reason: string; message: string },
  ): void {
    this.#cluster.events.tell(resources.deployments, deployment, { source, ...happening });
  }
}

function selectsAll({ spec }: Deployment): boolean {
  return readLabelSelector(spec.selector).length === 0;
}

/** The deployment's revision is that of its newest set. */
function withRevisionOf(deployment: Deployment, newSet: ReplicaSet | undefined): Deployment {
  const revision = newSet?.metadata.annotations?.[annotation.revision];
  const { annotations } = deployment.metadata;
  if (revision === undefined || annotations?.[annotation.revision] === revision) return deployment;
  const metadata = {
    ...deployment.metadata,
    annotations: { ...annotations, [annotation.revision]: revision },
  };
  return { ...deployment, metadata };
}
