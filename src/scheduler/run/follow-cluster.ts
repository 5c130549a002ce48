import { keyOf, type Stored } from '../../api/client/client.ts';
import type { ApiObject } from '../../api/client/resources.ts';
import type { Informer } from '../../api/client/informer.ts';
import { type Resource, resources } from '../../api/client/resources.ts';
import type { SharedInformers } from '../../api/client/shared-informers.ts';
import type { LabelSelector } from '../../api/selector/label-selector.ts';
import type { LabelSelector as WrittenSelector } from '../../api/types/generated/meta-v1.ts';
import type { Engine } from '../engine/engine.ts';
import { readSelector } from '../pod/affinity-term.ts';
import type { ClusterEvent } from '../queue/hints.ts';

/** Tells the engine of everything but pods; gives the informers that do. */
export function followCluster(
  informers: SharedInformers,
  engine: Engine,
  happened: (event: ClusterEvent) => void,
): readonly Informer<ApiObject>[] {
  const { cluster, budgets } = engine;
  const { volumes, workloads, groups } = cluster;
  const follow = <T extends ApiObject>(
    resource: Resource<T>,
    told: (key: string, object: Stored<T> | undefined) => void,
  ): Informer<ApiObject> => {
    const informer = informers.informer(resource);
    informer.onChange((now, before) => {
      const either = now ?? before;
      if (either !== undefined) told(keyOf(either), now);
    });
    return informer as unknown as Informer<ApiObject>;
  };
  const controller = (kind: string) => (key: string, object: Selecting | undefined) => {
    workloads.setController({ ...placeOf(key), kind }, selectorOf(object));
  };
  return [
    follow(resources.nodes, (name, node) => {
      if (node === undefined) {
        cluster.deleteNode(name);
        happened({ kind: 'nodeGone' });
      } else happened({ kind: 'node', change: cluster.setNode(node) });
    }),
    follow(resources.namespaces, (name, namespace) => {
      const labels = namespace?.metadata.labels ?? {};
      if (JSON.stringify(groups.namespaceLabels(name)) === JSON.stringify(labels)) return;
      groups.setNamespace(name, namespace === undefined ? undefined : labels);
      happened({ kind: 'namespaces' });
    }),
    follow(resources.persistentVolumeClaims, (key, claim) => {
      volumes.setClaim(key, claim);
      happened({ kind: 'volumes' });
    }),
    follow(resources.persistentVolumes, (name, volume) => {
      volumes.setVolume(name, volume);
      happened({ kind: 'volumes' });
    }),
    follow(resources.storageClasses, (name, storageClass) => {
      volumes.setClass(name, storageClass);
      happened({ kind: 'volumes' });
    }),
    follow(resources.services, (key, service) => {
      workloads.setService(placeOf(key), service?.spec?.selector);
    }),
    follow(resources.replicationControllers, (key, one) => {
      const matchLabels = one?.spec?.selector;
      const selector = matchLabels === undefined ? undefined : readSelector({ matchLabels });
      workloads.setController({ ...placeOf(key), kind: 'ReplicationController' }, selector);
    }),
    follow(resources.replicaSets, controller('ReplicaSet')),
    follow(resources.statefulSets, controller('StatefulSet')),
    follow(resources.podDisruptionBudgets, (key, budget) => budgets.set(key, budget)),
  ];
}

interface Selecting {
  readonly spec?: { readonly selector?: WrittenSelector | undefined } | undefined;
}

function selectorOf(object: Selecting | undefined): LabelSelector | undefined {
  const selector = object?.spec?.selector;
  return selector === undefined ? undefined : readSelector(selector);
}

function placeOf(key: string): { readonly namespace: string; readonly name: string } {
  const at = key.indexOf('/');
  return { namespace: key.slice(0, at), name: key.slice(at + 1) };
}
