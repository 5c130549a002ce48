/** autoscaling.v1 as types, by scripts/derive-types.ts; not to be edited. */
import type * as metaV1 from './meta-v1.ts';

export type HorizontalPodAutoscaler = {
  readonly kind?: 'HorizontalPodAutoscaler';
  readonly apiVersion?: 'autoscaling/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly spec: HorizontalPodAutoscalerSpec;
  readonly status?: HorizontalPodAutoscalerStatus | undefined;
};

export type Scale = {
  readonly metadata?: metaV1.ObjectMeta | undefined;
  readonly spec?: ScaleSpec | undefined;
  readonly status?: ScaleStatus | undefined;
};

export type HorizontalPodAutoscalerSpec = {
  readonly scaleTargetRef: CrossVersionObjectReference;
  readonly minReplicas?: number | undefined;
  readonly maxReplicas: number;
  readonly targetCPUUtilizationPercentage?: number | undefined;
};

export type HorizontalPodAutoscalerStatus = {
  readonly observedGeneration?: number | undefined;
  readonly lastScaleTime?: string | undefined;
  readonly currentReplicas: number;
  readonly desiredReplicas: number;
  readonly currentCPUUtilizationPercentage?: number | undefined;
};

export type ScaleSpec = {
  readonly replicas?: number | undefined;
};

export type ScaleStatus = {
  readonly replicas: number;
  readonly selector?: string | undefined;
};

export type CrossVersionObjectReference = {
  readonly kind: string;
  readonly name: string;
  readonly apiVersion?: string | undefined;
};
