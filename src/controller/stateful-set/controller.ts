import { keyOf } from '../../api/client/client.ts';
import { resources } from '../../api/client/resources.ts';
import { equal } from '../../api/json.ts';
import { matchesLabels, readLabelSelector } from '../../api/selector/label-selector.ts';
import type * as appsV1 from '../../api/types/generated/apps-v1.ts';
import { messageOf } from '../../base/error.ts';
import type { Cluster } from '../cluster.ts';
import type { Controller } from '../control-loop.ts';
import { claim, controllerOf, ownersOf } from '../owner.ts';
import { isEnding } from '../pod-control.ts';
import { isAvailable, isReady, isTerminating, nextAvailableMs } from '../pod-state.ts';
import { podsOf } from '../pods.ts';
import { isRefused } from '../../api/client/refusal.ts';
import { RevisionHistory, type Revisions } from '../revision-history.ts';
import type { Pod, Revision, StatefulSet } from '../stored.ts';
import type { WorkQueue } from '../work-queue.ts';
import { describeClaims, describeMember, memberName, ordinalOf, revisionOf } from './member.ts';
import { isGoing, ownersOfClaim } from './claim-retention.ts';
import { planMembers, type Step } from './plan-members.ts';

const source = 'statefulset-controller';

/** Keeps pods that have a number, and with it a name and storage of their own. */
export class StatefulSetController implements Controller {
  readonly name = source;
  readonly #cluster: Cluster;
  readonly #sets;
  readonly #pods;
  readonly #claims;
  readonly #history: RevisionHistory;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#sets = cluster.informer(resources.statefulSets);
    this.#pods = podsOf(cluster);
    this.#claims = cluster.informer(resources.persistentVolumeClaims);
    this.#history = new RevisionHistory(cluster, resources.statefulSets);
  }

  get needs() {
    return [this.#sets, this.#pods, this.#claims, this.#history];
  }

  watch(queue: WorkQueue): void {
    this.#sets.onChange((now) => (now === undefined ? undefined : queue.add(keyOf(now))));
    this.#pods.onChange((now, before) => {
      for (const key of ownersOf(this.#sets, now, before)) queue.add(key);
      if (now === undefined || controllerOf(now) !== undefined) return;
      for (const set of this.#sets.list(now.metadata.namespace ?? '')) {
        const selector = readLabelSelector(set.spec.selector);
        if (matchesLabels(selector, now.metadata.labels ?? {})) queue.add(keyOf(set));
      }
    });
  }

  async reconcile(key: string): Promise<number | undefined> {
    const set = this.#sets.getByKey(key);
    if (set === undefined) return undefined;
    const pods = await this.#claimed(set);
    if (set.metadata.deletionTimestamp !== undefined) return undefined;
    const revisions = await this.#history.of(set);
    const current = currentOf(set, revisions);
    const nowMs = this.#cluster.now();
    const steps = planMembers({ set, pods, current, newest: revisions.newest, nowMs });
    let failure: unknown;
    try {
      // Before a pod is deleted: afterwards nobody would know whose claim it was.
      for (const pod of pods) await this.#retain(set, pod);
      for (const step of steps) await this.#take(set, step);
    } catch (error) {
      failure = error;
    }
    await this.#report(set, { revisions, current });
    if (failure !== undefined && !isEnding(failure)) throw failure;
    const used = new Set([current.metadata.name, revisions.newest.metadata.name]);
    for (const pod of pods) used.add(revisionOf(pod));
    await this.#history.clean(set, revisions, used);
    return nextAvailableMs(pods, set.spec.minReadySeconds ?? 0, nowMs);
  }

  async #claimed(set: StatefulSet): Promise<Pod[]> {
    const found = [
      ...this.#pods.find('owner', set.metadata.uid),
      ...this.#pods.find('orphan', set.metadata.namespace ?? ''),
    ];
    return await claim(this.#cluster, {
      ownerResource: resources.statefulSets,
      owner: set,
      selector: readLabelSelector(set.spec.selector),
      resource: resources.pods,
      // An orphan is only taken in when its name is one of the set's.
      candidates: found.filter((pod) => ordinalOf(set, pod) !== undefined),
    });
  }

  async #take(set: StatefulSet, step: Step): Promise<void> {
    if (step.do === 'create') return await this.#create(set, step.ordinal, step.revision);
    const { pod } = step;
    if (step.do === 'recreate') {
      const failed = pod.status?.phase === 'Failed';
      const { namespace, name } = set.metadata;
      const words = failed ? 'failed' : 'terminated';
      this.#cluster.events.tell(resources.statefulSets, set, {
        source,
        type: failed ? 'Warning' : 'Normal',
        reason: failed ? 'RecreatingFailedPod' : 'RecreatingTerminatedPod',
        message: `StatefulSet ${namespace}/${name} is recreating ${words} Pod ${pod.metadata.name}`,
      });
    }
    await this.#tell(set, `delete Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`, {
      verb: 'Delete',
      work: () => this.#cluster.delete(resources.pods, pod),
    });
  }

  /** A member's claims end with whom the set's policy says. */
  async #retain(set: StatefulSet, pod: Pod): Promise<void> {
    if (pod.metadata.deletionTimestamp !== undefined) return;
    for (const { metadata } of describeClaims(set, ordinalOf(set, pod) ?? 0)) {
      const claim = this.#claims.get(metadata.namespace ?? '', metadata.name ?? '');
      if (claim === undefined) continue;
      let owners = ownersOfClaim(set, pod, claim);
      // What is read here may be old, and a claim that goes with its pod loses its data.
      if (owners?.some(({ kind }) => kind === 'Pod') === true) {
        const { namespace = '', name, uid } = set.metadata;
        const live = await this.#sets.refresh(namespace, name);
        owners = live?.metadata.uid === uid ? ownersOfClaim(live, pod, claim) : undefined;
      }
      if (owners === undefined) continue;
      const changed = { ...claim.metadata, ownerReferences: owners };
      await this.#cluster.update(resources.persistentVolumeClaims, { ...claim, metadata: changed });
    }
  }

  async #create(set: StatefulSet, ordinal: number, revision: Revision): Promise<void> {
    const name = memberName(set, ordinal);
    const { namespace = '', name: of } = set.metadata;
    for (const wanted of describeClaims(set, ordinal)) {
      const claimName = wanted.metadata.name ?? '';
      const known =
        this.#claims.get(namespace, claimName) ??
        (await this.#claims.refresh(namespace, claimName));
      if (known !== undefined && isGoing(known, name)) {
        throw new Error(`the claim ${claimName} of a pod that was scaled away is still there`);
      }
      if (known !== undefined) continue;
      await this.#tell(set, `create Claim ${claimName} Pod ${name} in StatefulSet ${of}`, {
        verb: 'Create',
        work: () => this.#cluster.create(resources.persistentVolumeClaims, wanted),
        good: 'success',
      });
    }
    await this.#tell(set, `create Pod ${name} in StatefulSet ${of}`, {
      verb: 'Create',
      work: async () => {
        try {
          await this.#cluster.create(resources.pods, describeMember(set, ordinal, revision));
        } catch (error) {
          if (isRefused(error, 'AlreadyExists')) await this.#pods.refresh(namespace, name);
          throw error;
        }
      },
    });
  }

  async #tell(
    set: StatefulSet,
    words: string,
    {
      verb,
      work,
      good = 'successful',
    }: {
      readonly verb: 'Create' | 'Delete';
      readonly work: () => Promise<unknown>;
      readonly good?: string;
    },
  ): Promise<void> {
    const tell = (type: 'Normal' | 'Warning', reason: string, message: string) =>
      this.#cluster.events.tell(resources.statefulSets, set, { source, type, reason, message });
    try {
      await work();
      tell('Normal', `Successful${verb}`, `${words} ${good}`);
    } catch (error) {
      const message = `${words} failed error: ${messageOf(error)}`;
      if (!isEnding(error)) tell('Warning', `Failed${verb}`, message);
      throw error;
    }
  }

  async #report(
    seen: StatefulSet,
    { revisions, current }: { readonly revisions: Revisions; readonly current: Revision },
  ): Promise<void> {
    const set = this.#sets.getByKey(keyOf(seen));
    if (set === undefined || set.metadata.uid !== seen.metadata.uid) return;
    const pods = this.#pods
      .find('owner', set.metadata.uid)
      .filter((pod) => ordinalOf(set, pod) !== undefined);
    const nowMs = this.#cluster.now();
    const status = statusOf(seen, pods, { revisions, current, nowMs });
    if (equal({ ...set.status, ...status }, set.status)) return;
    await this.#cluster.updateStatus(resources.statefulSets, {
      ...set,
      status: { ...set.status, ...status },
    });
  }
}

/** The revision that members had before the one they are brought to. */
function currentOf({ status }: StatefulSet, { all, newest }: Revisions): Revision {
  return all.find(({ metadata }) => metadata.name === status?.currentRevision) ?? newest;
}

function statusOf(
  set: StatefulSet,
  pods: readonly Pod[],
  seen: { readonly revisions: Revisions; readonly current: Revision; readonly nowMs: number },
): appsV1.StatefulSetStatus {
  const { revisions, current, nowMs } = seen;
  const replicas = set.spec.replicas ?? 1;
  const minReadySeconds = set.spec.minReadySeconds ?? 0;
  const of = (revision: Revision) =>
    pods.filter((pod) => !isTerminating(pod) && revisionOf(pod) === revision.metadata.name).length;
  const ready = pods.filter((pod) => pod.status?.phase === 'Running' && isReady(pod));
  const available = ready.filter((pod) => isAvailable(pod, minReadySeconds, nowMs)).length;
  const updated = of(revisions.newest);
  // All have come to the newest revision: from now on it is the current one.
  const done =
    set.spec.updateStrategy?.type !== 'OnDelete' &&
    updated === replicas &&
    ready.length === replicas &&
    pods.length === replicas;
  return {
    observedGeneration: set.metadata.generation,
    replicas: pods.length,
    readyReplicas: present(ready.length),
    availableReplicas: present(available),
    currentReplicas: present(done ? updated : of(current)),
    updatedReplicas: present(updated),
    currentRevision: (done ? revisions.newest : current).metadata.name,
    updateRevision: revisions.newest.metadata.name,
    collisionCount: set.status?.collisionCount ?? 0,
  };
}

/** The API leaves zeros out. */
function present(number: number): number | undefined {
  return number === 0 ? undefined : number;
}
