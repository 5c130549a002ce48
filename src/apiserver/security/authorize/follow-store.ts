import { findKind } from '../../../api/kinds.ts';
import type { JsonObject } from '../../../api/json.ts';
import type { Kind } from '../../../api/kind.ts';
import type { Logger } from '../../../base/log.ts';
import type { Store } from '../../../store/store.ts';
import { mirror } from '../mirror.ts';
import type { RoleAggregator } from './aggregate-roles.ts';
import { NodeRelations } from './node-relations.ts';
import { RoleIndex } from './role-index.ts';

export interface FollowOptions {
  readonly store: Store;
  readonly log: Pick<Logger, 'warn'>;
  readonly signal: AbortSignal;
}

export interface Followed {
  readonly roles: RoleIndex;
  readonly relations: NodeRelations;
  readonly aggregator: RoleAggregator;
}

const rbac = 'rbac.authorization.k8s.io/v1';

/** Fills what authorization asks with what is in the store, and keeps it so until the signal. */
export async function followStore(
  { store, log, signal }: FollowOptions,
  { roles, relations, aggregator }: Followed,
): Promise<void> {
  const role = remembering(
    (object) => roles.setRole(object),
    (object) => roles.removeRole(object),
  );
  const binding = remembering(
    (object) => roles.setBinding(object),
    (object) => roles.removeBinding(object),
  );
  const clusterRole = (key: string, object: JsonObject | undefined) => {
    role(key, object);
    aggregator.set(key, object);
  };
  const followed: readonly (readonly [Kind, Changed])[] = [
    [kindOf(rbac, 'ClusterRole'), clusterRole],
    [kindOf(rbac, 'Role'), role],
    [kindOf(rbac, 'ClusterRoleBinding'), binding],
    [kindOf(rbac, 'RoleBinding'), binding],
    [kindOf('v1', 'Pod'), (key, object) => relations.setPod(key, object)],
    [kindOf('v1', 'PersistentVolume'), (key, object) => relations.setVolume(key, object)],
    [kindOf('networking.k8s.io/v1', 'Ingress'), (key, object) => relations.setIngress(key, object)],
    [
      kindOf('storage.k8s.io/v1', 'VolumeAttachment'),
      (key, object) => relations.setAttachment(key, object),
    ],
  ];
  await Promise.all(
    followed.map(([kind, changed]) => mirror({ store, kind, log, signal, changed })),
  );
}

type Changed = (key: string, object: JsonObject | undefined) => void;

/** Who is told of an object's end by its key alone needs to know what it was. */
function remembering(
  set: (object: JsonObject) => void,
  remove: (object: JsonObject) => void,
): Changed {
  const known = new Map<string, JsonObject>();
  return (key, object) => {
    const before = known.get(key);
    if (object === undefined) {
      known.delete(key);
      if (before !== undefined) remove(before);
      return;
    }
    const { kind, metadata } = object;
    known.set(key, { kind, metadata });
    set(object);
  };
}

function kindOf(apiVersion: string, name: string): Kind {
  const kind = findKind(apiVersion, name);
  if (kind === undefined) throw new Error(`no kind ${name}`);
  return kind;
}
