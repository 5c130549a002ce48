import type { Stored } from '../api/client/client.ts';
import type { ApiObject } from '../api/client/resources.ts';
import { type Resource, resources } from '../api/client/resources.ts';
import { equal, type JsonObject } from '../api/json.ts';
import type { Cluster } from './cluster.ts';
import { claim, controllerReference } from './owner.ts';
import { isRefused } from '../api/client/refusal.ts';
import type { PodTemplate, Revision } from './stored.ts';
import { hashOf } from './template-hash.ts';
import { readLabelSelector } from '../api/selector/label-selector.ts';
import type { LabelSelector } from '../api/types/generated/meta-v1.ts';

export const revisionLabel = 'controller-revision-hash';
/** A DaemonSet's revisions bear the label of its pods. */
const hashLabels: Readonly<Record<string, string>> = {
  DaemonSet: revisionLabel,
  StatefulSet: 'controller.kubernetes.io/hash',
};

/** A set that keeps the templates it had as revisions of its own. */
export type Revised = Stored<ApiObject> & {
  readonly spec: {
    readonly selector: LabelSelector;
    readonly template: PodTemplate;
    readonly revisionHistoryLimit?: number | undefined;
  };
};

export interface Revisions {
  /** Oldest first. */
  readonly all: readonly Revision[];
  /** That of the template as it is now. */
  readonly newest: Revision;
}

/** The templates that sets had, for `kubectl rollout history` and `undo`. */
export class RevisionHistory {
  readonly #cluster: Cluster;
  readonly #resource: Resource<ApiObject>;
  readonly #revisions;

  constructor(cluster: Cluster, resource: Resource<ApiObject>) {
    this.#cluster = cluster;
    this.#resource = resource;
    this.#revisions = cluster.informer(resources.controllerRevisions);
  }

  get synced(): Promise<void> {
    return this.#revisions.synced;
  }

  /** Finds the revision of the set's template, or makes it; one that was before is the newest. */
  async of(owner: Revised): Promise<Revisions> {
    const known = await this.#claimed(owner);
    const data = dataOf(owner.spec.template);
    const number = (known.at(-1)?.revision ?? 0) + 1;
    const same = known.findLast((revision) => equal(revision.data, data));
    if (same === undefined) {
      const newest = await this.#make(owner, { data, number, collisions: 0 });
      return { all: [...known, newest], newest };
    }
    if (same === known.at(-1)) return { all: known, newest: same };
    const renewed = { ...same, revision: number };
    const newest = await this.#cluster.update(resources.controllerRevisions, renewed);
    return { all: [...known.filter((revision) => revision !== same), newest], newest };
  }

  /** Deletes the oldest that nobody uses, down to as many as the set wants to keep. */
  async clean(owner: Revised, { all }: Revisions, used: ReadonlySet<string>): Promise<void> {
    const idle = all.filter(({ metadata }) => !used.has(metadata.name));
    const surplus = idle.length - (owner.spec.revisionHistoryLimit ?? 10);
    for (const revision of idle.slice(0, Math.max(0, surplus))) {
      await this.#cluster.delete(resources.controllerRevisions, revision);
    }
  }

  async #claimed(owner: Revised): Promise<Revision[]> {
    const claimed = await claim(this.#cluster, {
      ownerResource: this.#resource,
      owner,
      selector: readLabelSelector(owner.spec.selector),
      resource: resources.controllerRevisions,
      candidates: this.#revisions.list(owner.metadata.namespace ?? ''),
    });
    return claimed.toSorted((a, b) => a.revision - b.revision);
  }

  async #make(
    owner: Revised,
    made: { readonly data: JsonObject; readonly number: number; readonly collisions: number },
  ): Promise<Revision> {
    const { data, number, collisions } = made;
    const { namespace = '', name: of } = owner.metadata;
    const hash = hashOf(data, collisions);
    const name = `${of.slice(0, 220)}-${hash}`;
    const label = hashLabels[this.#resource.kind.kind] ?? revisionLabel;
    const labels = { ...owner.spec.template.metadata?.labels, [label]: hash };
    const ownerReferences = [controllerReference(this.#resource, owner)];
    const metadata = { namespace, name, labels, ownerReferences };
    try {
      const described = { metadata, data, revision: number };
      return await this.#cluster.create(resources.controllerRevisions, described);
    } catch (error) {
      if (!isRefused(error, 'AlreadyExists')) throw error;
      const known = await this.#revisions.refresh(namespace, name);
      if (known !== undefined && equal(known.data, data)) return known;
      return await this.#make(owner, { ...made, collisions: collisions + 1 });
    }
  }
}

/** A patch that sets a template whole, as kubectl applies it to roll back. */
function dataOf(template: PodTemplate): JsonObject {
  const whole = { spec: { template: { ...template, $patch: 'replace' } } };
  return JSON.parse(JSON.stringify(whole)) as JsonObject;
}

/** The template that a revision has kept. */
export function templateOf({ data }: Revision): PodTemplate {
  const spec = data?.['spec'] as { template?: PodTemplate & { $patch?: string } } | undefined;
  const { $patch: _, ...template } = spec?.template ?? {};
  return template;
}
