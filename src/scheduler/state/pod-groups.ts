import {
  matchesLabels,
  type Labels,
  type LabelSelector,
} from '../../api/selector/label-selector.ts';
import { matchesTerm, type AffinityTerm } from '../pod/affinity-term.ts';
import { NodeCounts } from './domain-counts.ts';

/** Groups without pods are kept for the next pod of their kind, up to so many. */
const emptyGroupsKept = 1024;

/** Pods that no selector can tell apart: of one namespace, with the same labels. */
export interface PodGroup {
  readonly key: string;
  readonly namespace: string;
  readonly labels: Labels;
  readonly terminating: boolean;
  /** How many lie on each node. */
  readonly perNode: Map<number, number>;
  /** The queries that count these pods. */
  queries: PodQuery[];
}

/** A question that pods ask of each other, and how many on each node it holds for. */
export class PodQuery {
  readonly text: string;
  readonly matches: (group: PodGroup) => boolean;
  counts = new NodeCounts();
  users = 0;

  constructor(text: string, matches: (group: PodGroup) => boolean) {
    this.text = text;
    this.matches = matches;
  }
}

/** All placed pods by what selectors see of them, and the counts that follow them. */
export class PodGroups {
  readonly #groups = new Map<string, PodGroup>();
  readonly #queries = new Map<string, PodQuery>();
  readonly #namespaces = new Map<string, Labels>();
  #empty = 0;
  /** Counts changes of namespaces' labels. */
  namespaceGeneration = 0;

  get size(): number {
    return this.#groups.size;
  }

  get queries(): number {
    return this.#queries.size;
  }

  namespaceLabels(namespace: string): Labels {
    return this.#namespaces.get(namespace) ?? {};
  }

  /** Selectors of namespaces see other labels from now on; undefined when it is gone. */
  setNamespace(namespace: string, labels: Labels | undefined): void {
    if (labels === undefined) this.#namespaces.delete(namespace);
    else this.#namespaces.set(namespace, labels);
    this.namespaceGeneration += 1;
    for (const group of this.#groups.values()) {
      if (group.namespace === namespace) this.#regroup(group);
    }
  }

  groupOf(namespace: string, labels: Labels, terminating: boolean): PodGroup {
    const entries = Object.entries(labels).toSorted(([left], [right]) => (left < right ? -1 : 1));
    const key = JSON.stringify([namespace, terminating, entries]);
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const group: PodGroup = {
      key,
      namespace,
      labels,
      terminating,
      perNode: new Map(),
      queries: [],
    };
    this.#insert(group);
    return group;
  }

  /** The group may have been swept away since it was got: then it comes back. */
  add(group: PodGroup, slot: number, by: 1 | -1): void {
    if (!this.#groups.has(group.key)) this.#insert(group);
    if (group.perNode.size === 0) this.#empty -= 1;
    const count = (group.perNode.get(slot) ?? 0) + by;
    if (count === 0) group.perNode.delete(slot);
    else group.perNode.set(slot, count);
    if (group.perNode.size === 0) this.#empty += 1;
    for (const query of group.queries) query.counts.add(slot, by);
  }

  /** Pods that every one of the terms speaks of. Release it when it is no longer asked. */
  queryTerms(terms: readonly AffinityTerm[]): PodQuery {
    return this.#acquire(`terms ${terms.map(({ text }) => text).join(' ')}`, (group) => {
      const { namespace, labels } = group;
      const namespaceLabels = this.namespaceLabels(namespace);
      return terms.every((term) => matchesTerm(term, { namespace, namespaceLabels, labels }));
    });
  }

  /** Pods of the namespace that stay and that the selector selects. */
  querySelector(namespace: string, selector: LabelSelector | undefined): PodQuery {
    return this.#acquire(`like ${JSON.stringify([namespace, selector])}`, (group) => {
      if (group.terminating || group.namespace !== namespace || selector === undefined)
        return false;
      return matchesLabels(selector, group.labels);
    });
  }

  release(query: PodQuery): void {
    query.users -= 1;
    if (query.users > 0) return;
    this.#queries.delete(query.text);
    for (const group of this.#groups.values()) {
      const at = group.queries.indexOf(query);
      if (at >= 0) group.queries.splice(at, 1);
    }
  }

  /** Drops groups without pods; not while a dry run takes pods away for a moment. */
  sweep(): void {
    if (this.#empty <= emptyGroupsKept) return;
    for (const [key, group] of this.#groups) if (group.perNode.size === 0) this.#groups.delete(key);
    this.#empty = 0;
  }

  #insert(group: PodGroup): void {
    group.queries = [...this.#queries.values()].filter((query) => query.matches(group));
    this.#groups.set(group.key, group);
    this.#empty += 1;
  }

  #acquire(text: string, matches: (group: PodGroup) => boolean): PodQuery {
    let query = this.#queries.get(text);
    if (query === undefined) {
      query = new PodQuery(text, matches);
      this.#queries.set(text, query);
      for (const group of this.#groups.values()) if (matches(group)) this.#join(group, query);
    }
    query.users += 1;
    return query;
  }

  #join(group: PodGroup, query: PodQuery): void {
    group.queries.push(query);
    for (const [slot, count] of group.perNode) query.counts.add(slot, count);
  }

  #regroup(group: PodGroup): void {
    for (const query of group.queries) {
      for (const [slot, count] of group.perNode) query.counts.add(slot, -count);
    }
    group.queries = [];
    for (const query of this.#queries.values()) if (query.matches(group)) this.#join(group, query);
  }
}
