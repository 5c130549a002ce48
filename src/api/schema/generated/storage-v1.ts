/** Fields of storage.v1, by scripts/derive-schema.ts; not to be edited. */
export default `
StorageClass
  metadata meta.v1.ObjectMeta 1
  provisioner string 2 !
  parameters {}string 3
  reclaimPolicy string 4
  mountOptions []string 5
  allowVolumeExpansion bool 6 *
  volumeBindingMode string 7
  allowedTopologies []core.v1.TopologySelectorTerm 8
CSIDriver
  metadata meta.v1.ObjectMeta 1
  spec CSIDriverSpec 2 !
CSINode
  metadata meta.v1.ObjectMeta 1
  spec CSINodeSpec 2 !
VolumeAttachment
  metadata meta.v1.ObjectMeta 1
  spec VolumeAttachmentSpec 2 !
  status VolumeAttachmentStatus 3
CSIStorageCapacity
  metadata meta.v1.ObjectMeta 1
  nodeTopology meta.v1.LabelSelector 2
  storageClassName string 3 !
  capacity quantity 4
  maximumVolumeSize quantity 5
CSIDriverSpec
  attachRequired bool 1 *
  podInfoOnMount bool 2 *
  volumeLifecycleModes []string 3 set
  storageCapacity bool 4 *
  fsGroupPolicy string 5
  tokenRequests []TokenRequest 6
  requiresRepublish bool 7 *
  seLinuxMount bool 8 *
  nodeAllocatableUpdatePeriodSeconds int64 9 *
  serviceAccountTokenInSecrets bool 10 *
  preventPodSchedulingIfMissing bool 11 *
CSINodeSpec
  drivers []CSINodeDriver 1 ! map=name merge=name
VolumeAttachmentSpec
  attacher string 1 !
  source VolumeAttachmentSource 2 !
  nodeName string 3 !
VolumeAttachmentStatus
  attached bool 1 !
  attachmentMetadata {}string 2
  attachError VolumeError 3
  detachError VolumeError 4
TokenRequest
  audience string 1 !
  expirationSeconds int64 2 *
CSINodeDriver
  name string 1 !
  nodeID string 2 !
  topologyKeys []string 3
  allocatable VolumeNodeResources 4
VolumeAttachmentSource
  persistentVolumeName string 1 *
  inlineVolumeSpec core.v1.PersistentVolumeSpec 2
VolumeError
  time time 1
  message string 2
  errorCode int32 3 *
VolumeNodeResources
  count int32 1 *
`;
