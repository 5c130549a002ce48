/** The kinds that controllers read, as the server answers with them. */
import type { Stored } from '../api/client/client.ts';
import type { ApiObject } from '../api/client/resources.ts';
import type * as appsV1 from '../api/types/generated/apps-v1.ts';
import type * as batchV1 from '../api/types/generated/batch-v1.ts';
import type * as coreV1 from '../api/types/generated/core-v1.ts';
import type * as storageV1 from '../api/types/generated/storage-v1.ts';

export type AnyObject = Stored<ApiObject>;
export type Pod = Stored<coreV1.Pod>;
export type PodTemplate = coreV1.PodTemplateSpec;
export type Node = Stored<coreV1.Node>;
export type Service = Stored<coreV1.Service>;
export type Claim = Stored<coreV1.PersistentVolumeClaim>;
export type Deployment = Stored<appsV1.Deployment>;
export type ReplicaSet = Stored<appsV1.ReplicaSet>;
export type StatefulSet = Stored<appsV1.StatefulSet>;
export type DaemonSet = Stored<appsV1.DaemonSet>;
export type Revision = Stored<appsV1.ControllerRevision>;
export type Job = Stored<batchV1.Job>;
export type CronJob = Stored<batchV1.CronJob>;
export type Volume = Stored<coreV1.PersistentVolume>;
export type StorageClass = Stored<storageV1.StorageClass>;
