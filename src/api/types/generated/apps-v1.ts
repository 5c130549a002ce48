/** apps.v1 as types, by scripts/derive-types.ts; not to be edited. */
import type { JsonObject } from '../../json.ts';
import type * as coreV1 from './core-v1.ts';
import type * as metaV1 from './meta-v1.ts';

export type Deployment = {
  readonly kind?: 'Deployment';
  readonly apiVersion?: 'apps/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly spec: DeploymentSpec;
  readonly status?: DeploymentStatus | undefined;
};

export type ReplicaSet = {
  readonly kind?: 'ReplicaSet';
  readonly apiVersion?: 'apps/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly spec: ReplicaSetSpec;
  readonly status?: ReplicaSetStatus | undefined;
};

export type StatefulSet = {
  readonly kind?: 'StatefulSet';
  readonly apiVersion?: 'apps/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly spec: StatefulSetSpec;
  readonly status?: StatefulSetStatus | undefined;
};

export type DaemonSet = {
  readonly kind?: 'DaemonSet';
  readonly apiVersion?: 'apps/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly spec: DaemonSetSpec;
  readonly status?: DaemonSetStatus | undefined;
};

export type ControllerRevision = {
  readonly kind?: 'ControllerRevision';
  readonly apiVersion?: 'apps/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly data?: JsonObject | undefined;
  readonly revision: number;
};

export type DeploymentSpec = {
  readonly replicas?: number | undefined;
  readonly selector: metaV1.LabelSelector;
  readonly template: coreV1.PodTemplateSpec;
  readonly strategy?: DeploymentStrategy | undefined;
  readonly minReadySeconds?: number | undefined;
  readonly revisionHistoryLimit?: number | undefined;
  readonly paused?: boolean | undefined;
  readonly progressDeadlineSeconds?: number | undefined;
};

export type DeploymentStatus = {
  readonly observedGeneration?: number | undefined;
  readonly replicas?: number | undefined;
  readonly updatedReplicas?: number | undefined;
  readonly readyReplicas?: number | undefined;
  readonly availableReplicas?: number | undefined;
  readonly unavailableReplicas?: number | undefined;
  readonly terminatingReplicas?: number | undefined;
  readonly conditions?: readonly DeploymentCondition[] | undefined;
  readonly collisionCount?: number | undefined;
};

export type ReplicaSetSpec = {
  readonly replicas?: number | undefined;
  readonly minReadySeconds?: number | undefined;
  readonly selector: metaV1.LabelSelector;
  readonly template?: coreV1.PodTemplateSpec | undefined;
};

export type ReplicaSetStatus = {
  readonly replicas: number;
  readonly fullyLabeledReplicas?: number | undefined;
  readonly readyReplicas?: number | undefined;
  readonly availableReplicas?: number | undefined;
  readonly terminatingReplicas?: number | undefined;
  readonly observedGeneration?: number | undefined;
  readonly conditions?: readonly ReplicaSetCondition[] | undefined;
};

export type StatefulSetSpec = {
  readonly replicas?: number | undefined;
  readonly selector: metaV1.LabelSelector;
  readonly template: coreV1.PodTemplateSpec;
  readonly volumeClaimTemplates?: readonly coreV1.PersistentVolumeClaim[] | undefined;
  readonly serviceName?: string | undefined;
  readonly podManagementPolicy?: string | undefined;
  readonly updateStrategy?: StatefulSetUpdateStrategy | undefined;
  readonly revisionHistoryLimit?: number | undefined;
  readonly minReadySeconds?: number | undefined;
  readonly persistentVolumeClaimRetentionPolicy?: StatefulSetPersistentVolumeClaimRetentionPolicy | undefined;
  readonly ordinals?: StatefulSetOrdinals | undefined;
};

export type StatefulSetStatus = {
  readonly observedGeneration?: number | undefined;
  readonly replicas: number;
  readonly readyReplicas?: number | undefined;
  readonly currentReplicas?: number | undefined;
  readonly updatedReplicas?: number | undefined;
  readonly currentRevision?: string | undefined;
  readonly updateRevision?: string | undefined;
  readonly collisionCount?: number | undefined;
  readonly conditions?: readonly StatefulSetCondition[] | undefined;
  readonly availableReplicas?: number | undefined;
};

export type DaemonSetSpec = {
  readonly selector: metaV1.LabelSelector;
  readonly template: coreV1.PodTemplateSpec;
  readonly updateStrategy?: DaemonSetUpdateStrategy | undefined;
  readonly minReadySeconds?: number | undefined;
  readonly revisionHistoryLimit?: number | undefined;
};

export type DaemonSetStatus = {
  readonly currentNumberScheduled: number;
  readonly numberMisscheduled: number;
  readonly desiredNumberScheduled: number;
  readonly numberReady: number;
  readonly observedGeneration?: number | undefined;
  readonly updatedNumberScheduled?: number | undefined;
  readonly numberAvailable?: number | undefined;
  readonly numberUnavailable?: number | undefined;
  readonly collisionCount?: number | undefined;
  readonly conditions?: readonly DaemonSetCondition[] | undefined;
};

export type DeploymentStrategy = {
  readonly type?: string | undefined;
  readonly rollingUpdate?: RollingUpdateDeployment | undefined;
};

export type DeploymentCondition = {
  readonly type: string;
  readonly status: string;
  readonly lastUpdateTime?: string | undefined;
  readonly lastTransitionTime?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
};

export type ReplicaSetCondition = {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
};

export type StatefulSetUpdateStrategy = {
  readonly type?: string | undefined;
  readonly rollingUpdate?: RollingUpdateStatefulSetStrategy | undefined;
};

export type StatefulSetPersistentVolumeClaimRetentionPolicy = {
  readonly whenDeleted?: string | undefined;
  readonly whenScaled?: string | undefined;
};

export type StatefulSetOrdinals = {
  readonly start?: number | undefined;
};

export type StatefulSetCondition = {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
};

export type DaemonSetUpdateStrategy = {
  readonly type?: string | undefined;
  readonly rollingUpdate?: RollingUpdateDaemonSet | undefined;
};

export type DaemonSetCondition = {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
};

export type RollingUpdateDeployment = {
  readonly maxUnavailable?: number | string | undefined;
  readonly maxSurge?: number | string | undefined;
};

export type RollingUpdateStatefulSetStrategy = {
  readonly partition?: number | undefined;
  readonly maxUnavailable?: number | string | undefined;
};

export type RollingUpdateDaemonSet = {
  readonly maxUnavailable?: number | string | undefined;
  readonly maxSurge?: number | string | undefined;
};
