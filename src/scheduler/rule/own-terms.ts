import type { AffinityTerm } from '../pod/affinity-term.ts';
import type { Cluster } from '../state/cluster.ts';
import { DomainCounts } from '../state/domain-counts.ts';
import type { PodQuery } from '../state/pod-groups.ts';

/** A term of the new pod, with the pods that it speaks of counted for each domain. */
export interface OwnTerm<T extends AffinityTerm> {
  readonly term: T;
  readonly query: PodQuery;
  readonly domains: DomainCounts;
}

/** Each term counts the pods that it speaks of. */
export function countEach<T extends AffinityTerm>(
  cluster: Cluster,
  terms: readonly T[],
): readonly OwnTerm<T>[] {
  return terms.map((term) => count(cluster, term, [term]));
}

/** Each term counts the pods that all of them speak of: required affinity means one pod. */
export function countTogether<T extends AffinityTerm>(
  cluster: Cluster,
  terms: readonly T[],
): readonly OwnTerm<T>[] {
  return terms.map((term) => count(cluster, term, terms));
}

function count<T extends AffinityTerm>(
  cluster: Cluster,
  term: T,
  counted: readonly T[],
): OwnTerm<T> {
  const query = cluster.groups.queryTerms(counted);
  const column = cluster.labels.of(term.topologyKey);
  return { term, query, domains: new DomainCounts(query.counts, column, cluster.nodes) };
}

export function closeTerms(cluster: Cluster, terms: readonly OwnTerm<AffinityTerm>[]): void {
  for (const { domains, query } of terms) {
    domains.close();
    cluster.groups.release(query);
  }
}
