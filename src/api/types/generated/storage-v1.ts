/** storage.v1 as types, by scripts/derive-types.ts; not to be edited. */
import type * as coreV1 from './core-v1.ts';
import type * as metaV1 from './meta-v1.ts';

export type StorageClass = {
  readonly kind?: 'StorageClass';
  readonly apiVersion?: 'storage.k8s.io/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly provisioner: string;
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  readonly reclaimPolicy?: string | undefined;
  readonly mountOptions?: readonly string[] | undefined;
  readonly allowVolumeExpansion?: boolean | undefined;
  readonly volumeBindingMode?: string | undefined;
  readonly allowedTopologies?: readonly coreV1.TopologySelectorTerm[] | undefined;
};

export type CSIDriver = {
  readonly kind?: 'CSIDriver';
  readonly apiVersion?: 'storage.k8s.io/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly spec: CSIDriverSpec;
};

export type CSINode = {
  readonly kind?: 'CSINode';
  readonly apiVersion?: 'storage.k8s.io/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly spec: CSINodeSpec;
};

export type VolumeAttachment = {
  readonly kind?: 'VolumeAttachment';
  readonly apiVersion?: 'storage.k8s.io/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly spec: VolumeAttachmentSpec;
  readonly status?: VolumeAttachmentStatus | undefined;
};

export type CSIStorageCapacity = {
  readonly kind?: 'CSIStorageCapacity';
  readonly apiVersion?: 'storage.k8s.io/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly nodeTopology?: metaV1.LabelSelector | undefined;
  readonly storageClassName: string;
  readonly capacity?: string | undefined;
  readonly maximumVolumeSize?: string | undefined;
};

export type CSIDriverSpec = {
  readonly attachRequired?: boolean | undefined;
  readonly podInfoOnMount?: boolean | undefined;
  readonly volumeLifecycleModes?: readonly string[] | undefined;
  readonly storageCapacity?: boolean | undefined;
  readonly fsGroupPolicy?: string | undefined;
  readonly tokenRequests?: readonly TokenRequest[] | undefined;
  readonly requiresRepublish?: boolean | undefined;
  readonly seLinuxMount?: boolean | undefined;
  readonly nodeAllocatableUpdatePeriodSeconds?: number | undefined;
  readonly serviceAccountTokenInSecrets?: boolean | undefined;
  readonly preventPodSchedulingIfMissing?: boolean | undefined;
};

export type CSINodeSpec = {
  readonly drivers: readonly CSINodeDriver[];
};

export type VolumeAttachmentSpec = {
  readonly attacher: string;
  readonly source: VolumeAttachmentSource;
  readonly nodeName: string;
};

export type VolumeAttachmentStatus = {
  readonly attached: boolean;
  readonly attachmentMetadata?: Readonly<Record<string, string>> | undefined;
  readonly attachError?: VolumeError | undefined;
  readonly detachError?: VolumeError | undefined;
};

export type TokenRequest = {
  readonly audience: string;
  readonly expirationSeconds?: number | undefined;
};

export type CSINodeDriver = {
  readonly name: string;
  readonly nodeID: string;
  readonly topologyKeys?: readonly string[] | undefined;
  readonly allocatable?: VolumeNodeResources | undefined;
};

export type VolumeAttachmentSource = {
  readonly persistentVolumeName?: string | undefined;
  readonly inlineVolumeSpec?: coreV1.PersistentVolumeSpec | undefined;
};

export type VolumeError = {
  readonly time?: string | undefined;
  readonly message?: string | undefined;
  readonly errorCode?: number | undefined;
};

export type VolumeNodeResources = {
  readonly count?: number | undefined;
};
