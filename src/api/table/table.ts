import { type Json, type JsonObject, objectIn } from '../json.ts';
import type { Kind } from '../kind.ts';
import * as cluster from './cluster.ts';
import { type Column, created, nameColumn } from './column.ts';
import * as network from './network.ts';
import { nodeMetricsColumns, podMetricsColumns } from './metrics.ts';
import { podColumns } from './pod.ts';
import * as storage from './storage.ts';
import * as workload from './workload.ts';

const columns: Readonly<Record<string, readonly Column[]>> = {
  ClusterRole: cluster.roleColumns,
  ClusterRoleBinding: cluster.bindingColumns,
  CertificateSigningRequest: cluster.requestColumns,
  ComponentStatus: cluster.componentColumns,
  ConfigMap: cluster.configMapColumns,
  ControllerRevision: workload.controllerRevisionColumns,
  CronJob: workload.cronJobColumns,
  CSIDriver: storage.driverColumns,
  CSINode: storage.csiNodeColumns,
  DaemonSet: workload.daemonSetColumns,
  Deployment: workload.deploymentColumns,
  Endpoints: network.endpointsColumns,
  EndpointSlice: network.endpointSliceColumns,
  Event: cluster.eventColumns,
  HorizontalPodAutoscaler: cluster.autoscalerColumns,
  Ingress: network.ingressColumns,
  IngressClass: network.ingressClassColumns,
  Job: workload.jobColumns,
  Lease: cluster.leaseColumns,
  LimitRange: cluster.limitRangeColumns,
  Namespace: cluster.namespaceColumns,
  NetworkPolicy: network.networkPolicyColumns,
  Node: cluster.nodeColumns,
  NodeMetrics: nodeMetricsColumns,
  PersistentVolume: storage.volumeColumns,
  PersistentVolumeClaim: storage.claimColumns,
  Pod: podColumns,
  PodDisruptionBudget: cluster.budgetColumns,
  PodMetrics: podMetricsColumns,
  PodTemplate: workload.podTemplateColumns,
  PriorityClass: cluster.priorityClassColumns,
  ReplicaSet: workload.replicaSetColumns,
  ReplicationController: workload.replicationControllerColumns,
  ResourceQuota: cluster.quotaColumns,
  Role: cluster.roleColumns,
  RoleBinding: cluster.bindingColumns,
  RuntimeClass: cluster.runtimeClassColumns,
  Secret: cluster.secretColumns,
  Service: network.serviceColumns,
  ServiceAccount: cluster.serviceAccountColumns,
  StatefulSet: workload.statefulSetColumns,
  StorageClass: storage.storageClassColumns,
  VolumeAttachment: storage.attachmentColumns,
};

const plain: readonly Column[] = [nameColumn, created];

export interface TableOptions {
  readonly nowMs: number;
  /** How much of each object comes with its row. */
  readonly include: 'None' | 'Metadata' | 'Object';
  /** `meta.k8s.io/v1` */
  readonly apiVersion: string;
  readonly listMetadata: JsonObject;
  /** A watch gives the columns once. */
  readonly withColumns: boolean;
}

/**
 * A Table of objects in their stored form, as `kubectl get` asks for them: the server knows what
 * to show of each kind.
 */
export function renderTable(
  kind: Pick<Kind, 'builtIn' | 'custom'>,
  objects: readonly JsonObject[],
  options: TableOptions,
): JsonObject {
  const shown = kind.custom?.columns ?? columns[kind.builtIn] ?? plain;
  return {
    kind: 'Table',
    apiVersion: options.apiVersion,
    metadata: options.listMetadata,
    columnDefinitions: options.withColumns ? shown.map(definitionOf) : [],
    rows: objects.map((object) => ({
      cells: shown.map((column) => column.cell(object, options.nowMs)),
      ...partOf(object, options),
    })),
  };
}

function definitionOf({ name, type, format, description = '', priority }: Column): Json {
  return { name, type, format, description, priority };
}

function partOf(object: JsonObject, { include, apiVersion }: TableOptions): JsonObject {
  if (include === 'None') return {};
  if (include === 'Object') return { object };
  const metadata = objectIn(object, 'metadata');
  return { object: { kind: 'PartialObjectMetadata', apiVersion, metadata } };
}
