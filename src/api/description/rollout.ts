/** What controllers of pods are told, and tell. */
export default `
apps.v1.ControllerRevision: What a set was at one revision; not changed afterwards.
apps.v1.DaemonSetUpdateStrategy: How pods are replaced.
  type: RollingUpdate or OnDelete.
apps.v1.RollingUpdateDaemonSet: How fast pods are replaced.
apps.v1.DaemonSetStatus: What was seen of a DaemonSet.
  currentNumberScheduled: Nodes that have a pod and should.
  numberMisscheduled: Nodes that have a pod and should not.
  desiredNumberScheduled: Nodes that should have a pod.
  numberReady: Nodes whose pod is ready.
  updatedNumberScheduled: Nodes whose pod is of the newest template.
  numberAvailable: Nodes whose pod is available.
  numberUnavailable: Nodes that should have an available pod and have none.
apps.v1.DaemonSetCondition: Something that holds of it, or not.
apps.v1.DeploymentCondition: Something that holds of it, or not.
apps.v1.ReplicaSetStatus: How many pods there are.
apps.v1.ReplicaSetCondition: Something that holds of it, or not.
apps.v1.StatefulSetUpdateStrategy: How pods are replaced.
  type: RollingUpdate or OnDelete.
apps.v1.RollingUpdateStatefulSetStrategy: How fast, and how far, pods are replaced.
  partition: Pods with a lower ordinal stay as they are.
apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy: When claims of the set are deleted.
apps.v1.StatefulSetOrdinals: How pods are numbered.
  start: The first number; 0 unless set.
apps.v1.StatefulSetStatus: What was seen of a StatefulSet.
  currentReplicas: Pods of the current revision.
  updatedReplicas: Pods of the newest revision.
  currentRevision: The revision that pods were made of before an update.
  updateRevision: The revision that an update leads to.
apps.v1.StatefulSetCondition: Something that holds of it, or not.
batch.v1.PodFailurePolicy: What a failed pod means for its job.
batch.v1.PodFailurePolicyRule: One rule about failed pods.
  action: FailJob, FailIndex, Ignore or Count.
  onExitCodes: For containers that ended so.
  onPodConditions: For pods of which this holds.
batch.v1.PodFailurePolicyOnExitCodesRequirement: Which exit codes.
  operator: In or NotIn.
batch.v1.PodFailurePolicyOnPodConditionsPattern: A condition of a pod.
batch.v1.SuccessPolicy: When a job is done though not all of it is.
batch.v1.SuccessPolicyRule: One rule about what is enough.
  succeededIndexes: These indexes, such as 0,2-4.
  succeededCount: So many of them.
batch.v1.JobSpec: What shall be done, how often, and how many at a time.
  managedBy: Which controller looks after it; the cluster's own unless set.
batch.v1.JobTemplateSpec: What jobs are made of.
batch.v1.JobStatus: What was seen of a job.
  active: Pods that have not ended.
  succeeded: Pods that ended well.
  failed: Pods that failed.
  ready: Pods that are ready.
  completedIndexes: Indexes that are done, such as 0,2-4.
  failedIndexes: Indexes that are given up, such as 0,2-4.
  uncountedTerminatedPods: Pods that have ended and are not counted yet.
batch.v1.JobCondition: Something that holds of it, or not.
batch.v1.UncountedTerminatedPods: Pods that have ended and are not counted yet.
  succeeded: Their uids, of those that ended well.
  failed: Their uids, of those that failed.
batch.v1.CronJobStatus: What was seen of a CronJob.
  active: The jobs that run now.
coordination.v1.LeaseSpec: Who holds a lease, and how long.
  holderIdentity: Who holds it.
  leaseDurationSeconds: For how long after the last renewal.
  acquireTime: Since when.
  renewTime: When it was last renewed.
  leaseTransitions: How often it went to another holder.
  strategy: How the next holder is chosen, where somebody chooses.
  preferredHolder: Whom the holder should give it to.
`;
