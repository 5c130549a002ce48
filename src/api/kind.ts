import type { JsonObject } from './json.ts';
import type { MessageType } from './schema/type.ts';
import type { Column } from './table/column.ts';

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
  /**
   * Its name, where what it does is written in these sources; empty where a definition made it:
   * somebody's own `Service` is none of ours.
   */
  readonly builtIn: string;
  readonly custom?: CustomKind;
}

/** What a CustomResourceDefinition says of a kind in one version. */
export interface CustomKind {
  /** The definition's name: `networks.example.com`. */
  readonly definition: string;
  readonly listKind: string;
  /** The kind in the version that is stored. */
  readonly stored: Kind;
  /** The structural schema of this version. */
  readonly schema: JsonObject;
  /** The same as server-side apply reads it. */
  readonly type: MessageType;
  readonly columns: readonly Column[];
  /** Fields that objects are selected by, besides name and namespace. */
  readonly selectable: readonly string[];
  readonly scale: ScalePaths | undefined;
  /** Told to who uses this version. */
  readonly deprecation: string | undefined;
  /** Its objects are about to go, and no new ones are made. */
  readonly isTerminating: boolean;
  /** Aborted when the definition has become another or is gone: watches end then. */
  readonly replaced: AbortSignal;
}

/** Where in an object the number of its replicas is: `.spec.replicas`. */
export interface ScalePaths {
  readonly specReplicasPath: string;
  readonly statusReplicasPath: string;
  /** Empty where there is none. */
  readonly labelSelectorPath: string;
}

/** `apps/v1`, `v1` */
export function apiVersionOf({ group, version }: Pick<Kind, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

/** `deployments.apps`, `pods`: what error texts and RBAC call a resource. */
export function resourceOf({ group, plural }: Pick<Kind, 'group' | 'plural'>): string {
  return group === '' ? plural : `${plural}.${group}`;
}
