/** batch.v1 as types, by scripts/derive-types.ts; not to be edited. */
import type * as coreV1 from './core-v1.ts';
import type * as metaV1 from './meta-v1.ts';

export type Job = {
  readonly kind?: 'Job';
  readonly apiVersion?: 'batch/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly spec: JobSpec;
  readonly status?: JobStatus | undefined;
};

export type CronJob = {
  readonly kind?: 'CronJob';
  readonly apiVersion?: 'batch/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly spec: CronJobSpec;
  readonly status?: CronJobStatus | undefined;
};

export type JobSpec = {
  readonly parallelism?: number | undefined;
  readonly completions?: number | undefined;
  readonly activeDeadlineSeconds?: number | undefined;
  readonly podFailurePolicy?: PodFailurePolicy | undefined;
  readonly successPolicy?: SuccessPolicy | undefined;
  readonly backoffLimit?: number | undefined;
  readonly backoffLimitPerIndex?: number | undefined;
  readonly maxFailedIndexes?: number | undefined;
  readonly selector?: metaV1.LabelSelector | undefined;
  readonly manualSelector?: boolean | undefined;
  readonly template: coreV1.PodTemplateSpec;
  readonly ttlSecondsAfterFinished?: number | undefined;
  readonly completionMode?: string | undefined;
  readonly suspend?: boolean | undefined;
  readonly podReplacementPolicy?: string | undefined;
  readonly managedBy?: string | undefined;
};

export type JobStatus = {
  readonly conditions?: readonly JobCondition[] | undefined;
  readonly startTime?: string | undefined;
  readonly completionTime?: string | undefined;
  readonly active?: number | undefined;
  readonly succeeded?: number | undefined;
  readonly failed?: number | undefined;
  readonly terminating?: number | undefined;
  readonly completedIndexes?: string | undefined;
  readonly failedIndexes?: string | undefined;
  readonly uncountedTerminatedPods?: UncountedTerminatedPods | undefined;
  readonly ready?: number | undefined;
};

export type CronJobSpec = {
  readonly schedule: string;
  readonly timeZone?: string | undefined;
  readonly startingDeadlineSeconds?: number | undefined;
  readonly concurrencyPolicy?: string | undefined;
  readonly suspend?: boolean | undefined;
  readonly jobTemplate: JobTemplateSpec;
  readonly successfulJobsHistoryLimit?: number | undefined;
  readonly failedJobsHistoryLimit?: number | undefined;
};

export type CronJobStatus = {
  readonly active?: readonly coreV1.ObjectReference[] | undefined;
  readonly lastScheduleTime?: string | undefined;
  readonly lastSuccessfulTime?: string | undefined;
};

export type PodFailurePolicy = {
  readonly rules: readonly PodFailurePolicyRule[];
};

export type SuccessPolicy = {
  readonly rules: readonly SuccessPolicyRule[];
};

export type JobCondition = {
  readonly type: string;
  readonly status: string;
  readonly lastProbeTime?: string | undefined;
  readonly lastTransitionTime?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
};

export type UncountedTerminatedPods = {
  readonly succeeded?: readonly string[] | undefined;
  readonly failed?: readonly string[] | undefined;
};

export type JobTemplateSpec = {
  readonly metadata?: metaV1.ObjectMeta | undefined;
  readonly spec?: JobSpec | undefined;
};

export type PodFailurePolicyRule = {
  readonly action: string;
  readonly onExitCodes?: PodFailurePolicyOnExitCodesRequirement | undefined;
  readonly onPodConditions?: readonly PodFailurePolicyOnPodConditionsPattern[] | undefined;
};

export type SuccessPolicyRule = {
  readonly succeededIndexes?: string | undefined;
  readonly succeededCount?: number | undefined;
};

export type PodFailurePolicyOnExitCodesRequirement = {
  readonly containerName?: string | undefined;
  readonly operator: string;
  readonly values: readonly number[];
};

export type PodFailurePolicyOnPodConditionsPattern = {
  readonly type: string;
  readonly status?: string | undefined;
};
