/** Fields of apps.v1, by scripts/derive-schema.ts; not to be edited. */
export default `
Deployment
  metadata meta.v1.ObjectMeta 1
  spec DeploymentSpec 2
  status DeploymentStatus 3
ReplicaSet
  metadata meta.v1.ObjectMeta 1
  spec ReplicaSetSpec 2
  status ReplicaSetStatus 3
StatefulSet
  metadata meta.v1.ObjectMeta 1
  spec StatefulSetSpec 2
  status StatefulSetStatus 3
DaemonSet
  metadata meta.v1.ObjectMeta 1
  spec DaemonSetSpec 2
  status DaemonSetStatus 3
ControllerRevision
  metadata meta.v1.ObjectMeta 1
  data raw 2
  revision int64 3 !
DeploymentSpec
  replicas int32 1 *
  selector meta.v1.LabelSelector 2 !
  template core.v1.PodTemplateSpec 3 !
  strategy DeploymentStrategy 4 retainKeys
  minReadySeconds int32 5
  revisionHistoryLimit int32 6 *
  paused bool 7
  progressDeadlineSeconds int32 9 *
DeploymentStatus
  observedGeneration int64 1
  replicas int32 2
  updatedReplicas int32 3
  readyReplicas int32 7
  availableReplicas int32 4
  unavailableReplicas int32 5
  terminatingReplicas int32 9 *
  conditions []DeploymentCondition 6 map=type merge=type
  collisionCount int32 8 *
ReplicaSetSpec
  replicas int32 1 *
  minReadySeconds int32 4
  selector meta.v1.LabelSelector 2 !
  template core.v1.PodTemplateSpec 3
ReplicaSetStatus
  replicas int32 1 !
  fullyLabeledReplicas int32 2
  readyReplicas int32 4
  availableReplicas int32 5
  terminatingReplicas int32 7 *
  observedGeneration int64 3
  conditions []ReplicaSetCondition 6 map=type merge=type
StatefulSetSpec
  replicas int32 1 *
  selector meta.v1.LabelSelector 2 !
  template core.v1.PodTemplateSpec 3 !
  volumeClaimTemplates []core.v1.PersistentVolumeClaim 4
  serviceName string 5
  podManagementPolicy string 6
  updateStrategy StatefulSetUpdateStrategy 7
  revisionHistoryLimit int32 8 *
  minReadySeconds int32 9
  persistentVolumeClaimRetentionPolicy StatefulSetPersistentVolumeClaimRetentionPolicy 10
  ordinals StatefulSetOrdinals 11
StatefulSetStatus
  observedGeneration int64 1
  replicas int32 2 !
  readyReplicas int32 3
  currentReplicas int32 4
  updatedReplicas int32 5
  currentRevision string 6
  updateRevision string 7
  collisionCount int32 9 *
  conditions []StatefulSetCondition 10 map=type merge=type
  availableReplicas int32 11
DaemonSetSpec
  selector meta.v1.LabelSelector 1 !
  template core.v1.PodTemplateSpec 2 !
  updateStrategy DaemonSetUpdateStrategy 3
  minReadySeconds int32 4
  revisionHistoryLimit int32 6 *
DaemonSetStatus
  currentNumberScheduled int32 1 !
  numberMisscheduled int32 2 !
  desiredNumberScheduled int32 3 !
  numberReady int32 4 !
  observedGeneration int64 5
  updatedNumberScheduled int32 6
  numberAvailable int32 7
  numberUnavailable int32 8
  collisionCount int32 9 *
  conditions []DaemonSetCondition 10 map=type merge=type
DeploymentStrategy
  type string 1
  rollingUpdate RollingUpdateDeployment 2
DeploymentCondition
  type string 1 !
  status string 2 !
  lastUpdateTime time 6
  lastTransitionTime time 7
  reason string 4
  message string 5
ReplicaSetCondition
  type string 1 !
  status string 2 !
  lastTransitionTime time 3
  reason string 4
  message string 5
StatefulSetUpdateStrategy
  type string 1
  rollingUpdate RollingUpdateStatefulSetStrategy 2
StatefulSetPersistentVolumeClaimRetentionPolicy
  whenDeleted string 1
  whenScaled string 2
StatefulSetOrdinals
  start int32 1
StatefulSetCondition
  type string 1 !
  status string 2 !
  lastTransitionTime time 3
  reason string 4
  message string 5
DaemonSetUpdateStrategy
  type string 1
  rollingUpdate RollingUpdateDaemonSet 2
DaemonSetCondition
  type string 1 !
  status string 2 !
  lastTransitionTime time 3
  reason string 4
  message string 5
RollingUpdateDeployment
  maxUnavailable intOrString 1
  maxSurge intOrString 2
RollingUpdateStatefulSetStrategy
  partition int32 1 *
  maxUnavailable intOrString 2
RollingUpdateDaemonSet
  maxUnavailable intOrString 1
  maxSurge intOrString 2
`;
