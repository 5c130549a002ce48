/** Fields of policy.v1, by scripts/derive-schema.ts; not to be edited. */
export default `
PodDisruptionBudget
  metadata meta.v1.ObjectMeta 1
  spec PodDisruptionBudgetSpec 2
  status PodDisruptionBudgetStatus 3
Eviction
  metadata meta.v1.ObjectMeta 1
  deleteOptions meta.v1.DeleteOptions 2
PodDisruptionBudgetSpec
  minAvailable intOrString 1
  selector meta.v1.LabelSelector 2
  maxUnavailable intOrString 3
  unhealthyPodEvictionPolicy string 4
PodDisruptionBudgetStatus
  observedGeneration int64 1
  disruptedPods {}time 2
  disruptionsAllowed int32 3
  currentHealthy int32 4
  desiredHealthy int32 5
  expectedPods int32 6
  conditions []meta.v1.Condition 7 map=type merge=type
`;
