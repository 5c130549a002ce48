/** What the API serves of a kind besides its objects. */
export type Subresource =
  | 'status'
  | 'scale'
  | 'binding'
  | 'eviction'
  | 'ephemeralcontainers'
  | 'resize'
  | 'log'
  | 'exec'
  | 'attach'
  | 'portforward'
  | 'proxy'
  | 'finalize'
  | 'token'
  | 'approval'
  /** Of all that is stored; keelson's own, so that discovery does not list it. */
  | 'history';

/** A kind as one version of a group has it. */
export interface Kind {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly subresources: readonly Subresource[];
  /** Its fields, as `core.v1.Pod`. */
  readonly type: string;
  /** Where its objects lie in the store, as Kubernetes has them: `/registry/pods/`. */
  readonly prefix: string;
  /** Answered when created, and kept nowhere: reviews. */
  readonly virtual: boolean;
  /** Answered from what is so just now, and kept nowhere: component statuses, metrics. */
  readonly measured: boolean;
  /** The version that is stored, of which this one is another form; undefined for itself. */
  readonly storedAs: string | undefined;
}

/** `apps/v1`, `v1` */
export function apiVersionOf({ group, version }: Pick<Kind, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

/** `deployments.apps`, `pods`: what error texts and RBAC call a resource. */
export function resourceOf({ group, plural }: Pick<Kind, 'group' | 'plural'>): string {
  return group === '' ? plural : `${plural}.${group}`;
}
