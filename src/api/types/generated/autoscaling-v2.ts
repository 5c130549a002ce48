/** autoscaling.v2 as types, by scripts/derive-types.ts; not to be edited. */
import type * as metaV1 from './meta-v1.ts';

export type HorizontalPodAutoscaler = {
  readonly kind?: 'HorizontalPodAutoscaler';
  readonly apiVersion?: 'autoscaling/v2';
  readonly metadata: metaV1.ObjectMeta;
  readonly spec: HorizontalPodAutoscalerSpec;
  readonly status?: HorizontalPodAutoscalerStatus | undefined;
};

export type HorizontalPodAutoscalerSpec = {
  readonly scaleTargetRef: CrossVersionObjectReference;
  readonly minReplicas?: number | undefined;
  readonly maxReplicas: number;
  readonly metrics?: readonly MetricSpec[] | undefined;
  readonly behavior?: HorizontalPodAutoscalerBehavior | undefined;
};

export type HorizontalPodAutoscalerStatus = {
  readonly observedGeneration?: number | undefined;
  readonly lastScaleTime?: string | undefined;
  readonly currentReplicas?: number | undefined;
  readonly desiredReplicas: number;
  readonly currentMetrics?: readonly MetricStatus[] | undefined;
  readonly conditions?: readonly HorizontalPodAutoscalerCondition[] | undefined;
};

export type CrossVersionObjectReference = {
  readonly kind: string;
  readonly name: string;
  readonly apiVersion?: string | undefined;
};

export type MetricSpec = {
  readonly type: string;
  readonly object?: ObjectMetricSource | undefined;
  readonly pods?: PodsMetricSource | undefined;
  readonly resource?: ResourceMetricSource | undefined;
  readonly containerResource?: ContainerResourceMetricSource | undefined;
  readonly external?: ExternalMetricSource | undefined;
};

export type HorizontalPodAutoscalerBehavior = {
  readonly scaleUp?: HPAScalingRules | undefined;
  readonly scaleDown?: HPAScalingRules | undefined;
};

export type MetricStatus = {
  readonly type: string;
  readonly object?: ObjectMetricStatus | undefined;
  readonly pods?: PodsMetricStatus | undefined;
  readonly resource?: ResourceMetricStatus | undefined;
  readonly containerResource?: ContainerResourceMetricStatus | undefined;
  readonly external?: ExternalMetricStatus | undefined;
};

export type HorizontalPodAutoscalerCondition = {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
};

export type ObjectMetricSource = {
  readonly describedObject: CrossVersionObjectReference;
  readonly target: MetricTarget;
  readonly metric: MetricIdentifier;
};

export type PodsMetricSource = {
  readonly metric: MetricIdentifier;
  readonly target: MetricTarget;
};

export type ResourceMetricSource = {
  readonly name: string;
  readonly target: MetricTarget;
};

export type ContainerResourceMetricSource = {
  readonly name: string;
  readonly target: MetricTarget;
  readonly container: string;
};

export type ExternalMetricSource = {
  readonly metric: MetricIdentifier;
  readonly target: MetricTarget;
};

export type HPAScalingRules = {
  readonly stabilizationWindowSeconds?: number | undefined;
  readonly selectPolicy?: string | undefined;
  readonly policies?: readonly HPAScalingPolicy[] | undefined;
  readonly tolerance?: string | undefined;
};

export type ObjectMetricStatus = {
  readonly metric: MetricIdentifier;
  readonly current: MetricValueStatus;
  readonly describedObject: CrossVersionObjectReference;
};

export type PodsMetricStatus = {
  readonly metric: MetricIdentifier;
  readonly current: MetricValueStatus;
};

export type ResourceMetricStatus = {
  readonly name: string;
  readonly current: MetricValueStatus;
};

export type ContainerResourceMetricStatus = {
  readonly name: string;
  readonly current: MetricValueStatus;
  readonly container: string;
};

export type ExternalMetricStatus = {
  readonly metric: MetricIdentifier;
  readonly current: MetricValueStatus;
};

export type MetricTarget = {
  readonly type: string;
  readonly value?: string | undefined;
  readonly averageValue?: string | undefined;
  readonly averageUtilization?: number | undefined;
};

export type MetricIdentifier = {
  readonly name: string;
  readonly selector?: metaV1.LabelSelector | undefined;
};

export type HPAScalingPolicy = {
  readonly type: string;
  readonly value: number;
  readonly periodSeconds: number;
};

export type MetricValueStatus = {
  readonly value?: string | undefined;
  readonly averageValue?: string | undefined;
  readonly averageUtilization?: number | undefined;
};
