import type { ObjectMeta } from '../types/generated/meta-v1.ts';
import type { JsonObject } from '../json.ts';
import type { Kind } from '../kind.ts';
import { findKind } from '../kinds.ts';
import type * as appsV1 from '../types/generated/apps-v1.ts';
import type * as autoscalingV2 from '../types/generated/autoscaling-v2.ts';
import type * as batchV1 from '../types/generated/batch-v1.ts';
import type * as certificatesV1 from '../types/generated/certificates-v1.ts';
import type * as coordinationV1 from '../types/generated/coordination-v1.ts';
import type * as coreV1 from '../types/generated/core-v1.ts';
import type * as discoveryV1 from '../types/generated/discovery-v1.ts';
import type * as networkingV1 from '../types/generated/networking-v1.ts';
import type * as nodeV1 from '../types/generated/node-v1.ts';
import type * as policyV1 from '../types/generated/policy-v1.ts';
import type * as rbacV1 from '../types/generated/rbac-v1.ts';
import type * as schedulingV1 from '../types/generated/scheduling-v1.ts';
import type * as storageV1 from '../types/generated/storage-v1.ts';

export type ApiObject = JsonObject & { readonly metadata?: ObjectMeta };

/** A collection of the API and the type of its objects. */
export interface Resource<T extends ApiObject> {
  readonly kind: Kind;
  /** Never there: it ties the type to the value. */
  readonly type?: T;
}

/** Every collection that is stored, in the version that is stored, by its plural. */
export const resources = {
  bindings: resource<coreV1.Binding>('v1', 'Binding'),
  certificateSigningRequests: resource<certificatesV1.CertificateSigningRequest>(
    'certificates.k8s.io/v1',
    'CertificateSigningRequest',
  ),
  clusterRoleBindings: resource<rbacV1.ClusterRoleBinding>(rbac(), 'ClusterRoleBinding'),
  clusterRoles: resource<rbacV1.ClusterRole>(rbac(), 'ClusterRole'),
  configMaps: resource<coreV1.ConfigMap>('v1', 'ConfigMap'),
  controllerRevisions: resource<appsV1.ControllerRevision>('apps/v1', 'ControllerRevision'),
  cronJobs: resource<batchV1.CronJob>('batch/v1', 'CronJob'),
  customResourceDefinitions: resource<ApiObject>(
    'apiextensions.k8s.io/v1',
    'CustomResourceDefinition',
  ),
  csiDrivers: resource<storageV1.CSIDriver>(storage(), 'CSIDriver'),
  csiNodes: resource<storageV1.CSINode>(storage(), 'CSINode'),
  csiStorageCapacities: resource<storageV1.CSIStorageCapacity>(storage(), 'CSIStorageCapacity'),
  daemonSets: resource<appsV1.DaemonSet>('apps/v1', 'DaemonSet'),
  deployments: resource<appsV1.Deployment>('apps/v1', 'Deployment'),
  endpoints: resource<coreV1.Endpoints>('v1', 'Endpoints'),
  endpointSlices: resource<discoveryV1.EndpointSlice>('discovery.k8s.io/v1', 'EndpointSlice'),
  events: resource<coreV1.Event>('v1', 'Event'),
  horizontalPodAutoscalers: resource<autoscalingV2.HorizontalPodAutoscaler>(
    'autoscaling/v2',
    'HorizontalPodAutoscaler',
  ),
  ingressClasses: resource<networkingV1.IngressClass>('networking.k8s.io/v1', 'IngressClass'),
  ingresses: resource<networkingV1.Ingress>('networking.k8s.io/v1', 'Ingress'),
  jobs: resource<batchV1.Job>('batch/v1', 'Job'),
  leases: resource<coordinationV1.Lease>('coordination.k8s.io/v1', 'Lease'),
  limitRanges: resource<coreV1.LimitRange>('v1', 'LimitRange'),
  namespaces: resource<coreV1.Namespace>('v1', 'Namespace'),
  networkPolicies: resource<networkingV1.NetworkPolicy>('networking.k8s.io/v1', 'NetworkPolicy'),
  nodes: resource<coreV1.Node>('v1', 'Node'),
  persistentVolumeClaims: resource<coreV1.PersistentVolumeClaim>('v1', 'PersistentVolumeClaim'),
  persistentVolumes: resource<coreV1.PersistentVolume>('v1', 'PersistentVolume'),
  podDisruptionBudgets: resource<policyV1.PodDisruptionBudget>('policy/v1', 'PodDisruptionBudget'),
  pods: resource<coreV1.Pod>('v1', 'Pod'),
  podTemplates: resource<coreV1.PodTemplate>('v1', 'PodTemplate'),
  priorityClasses: resource<schedulingV1.PriorityClass>('scheduling.k8s.io/v1', 'PriorityClass'),
  replicaSets: resource<appsV1.ReplicaSet>('apps/v1', 'ReplicaSet'),
  replicationControllers: resource<coreV1.ReplicationController>('v1', 'ReplicationController'),
  resourceQuotas: resource<coreV1.ResourceQuota>('v1', 'ResourceQuota'),
  roleBindings: resource<rbacV1.RoleBinding>(rbac(), 'RoleBinding'),
  roles: resource<rbacV1.Role>(rbac(), 'Role'),
  runtimeClasses: resource<nodeV1.RuntimeClass>('node.k8s.io/v1', 'RuntimeClass'),
  secrets: resource<coreV1.Secret>('v1', 'Secret'),
  serviceAccounts: resource<coreV1.ServiceAccount>('v1', 'ServiceAccount'),
  services: resource<coreV1.Service>('v1', 'Service'),
  statefulSets: resource<appsV1.StatefulSet>('apps/v1', 'StatefulSet'),
  storageClasses: resource<storageV1.StorageClass>(storage(), 'StorageClass'),
  volumeAttachments: resource<storageV1.VolumeAttachment>(storage(), 'VolumeAttachment'),
} as const;

/** The collection of any kind, for loops over all of them. */
export function resourceOfKind(kind: Kind): Resource<ApiObject> {
  return { kind };
}

function rbac(): string {
  return 'rbac.authorization.k8s.io/v1';
}

function storage(): string {
  return 'storage.k8s.io/v1';
}

function resource<T extends ApiObject>(apiVersion: string, name: string): Resource<T> {
  const kind = findKind(apiVersion, name);
  if (kind === undefined) throw new Error(`no kind ${name} in ${apiVersion}`);
  return { kind };
}
