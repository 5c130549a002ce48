/** Fields of batch.v1, by scripts/derive-schema.ts; not to be edited. */
export default `
Job
  metadata meta.v1.ObjectMeta 1
  spec JobSpec 2
  status JobStatus 3
CronJob
  metadata meta.v1.ObjectMeta 1
  spec CronJobSpec 2 !
  status CronJobStatus 3
JobSpec
  parallelism int32 1 *
  completions int32 2 *
  activeDeadlineSeconds int64 3 *
  podFailurePolicy PodFailurePolicy 11
  successPolicy SuccessPolicy 16
  backoffLimit int32 7 *
  backoffLimitPerIndex int32 12 *
  maxFailedIndexes int32 13 *
  selector meta.v1.LabelSelector 4
  manualSelector bool 5 *
  template core.v1.PodTemplateSpec 6 !
  ttlSecondsAfterFinished int32 8 *
  completionMode string 9
  suspend bool 10 *
  podReplacementPolicy string 14
  managedBy string 15 *
JobStatus
  conditions []JobCondition 1 merge=type
  startTime time 2
  completionTime time 3
  active int32 4
  succeeded int32 5
  failed int32 6
  terminating int32 11 *
  completedIndexes string 7
  failedIndexes string 10 *
  uncountedTerminatedPods UncountedTerminatedPods 8
  ready int32 9 *
CronJobSpec
  schedule string 1 !
  timeZone string 8 *
  startingDeadlineSeconds int64 2 *
  concurrencyPolicy string 3
  suspend bool 4 *
  jobTemplate JobTemplateSpec 5 !
  successfulJobsHistoryLimit int32 6 *
  failedJobsHistoryLimit int32 7 *
CronJobStatus
  active []core.v1.ObjectReference 1
  lastScheduleTime time 4
  lastSuccessfulTime time 5
PodFailurePolicy
  rules []PodFailurePolicyRule 1 !
SuccessPolicy
  rules []SuccessPolicyRule 1 !
JobCondition
  type string 1 !
  status string 2 !
  lastProbeTime time 3
  lastTransitionTime time 4
  reason string 5
  message string 6
UncountedTerminatedPods
  succeeded []string 1 set
  failed []string 2 set
JobTemplateSpec
  metadata meta.v1.ObjectMeta 1
  spec JobSpec 2
PodFailurePolicyRule
  action string 1 !
  onExitCodes PodFailurePolicyOnExitCodesRequirement 2
  onPodConditions []PodFailurePolicyOnPodConditionsPattern 3
SuccessPolicyRule
  succeededIndexes string 1 *
  succeededCount int32 2 *
PodFailurePolicyOnExitCodesRequirement
  containerName string 1 *
  operator string 2 !
  values []int32 3 ! set
PodFailurePolicyOnPodConditionsPattern
  type string 1 !
  status string 2
`;
