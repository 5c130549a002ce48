/** What pods and nodes use. The published schemas are without it. */
export default `
NodeMetrics
  metadata meta.v1.ObjectMeta 1
  timestamp time 2
  window string 3
  usage {}quantity 4
PodMetrics
  metadata meta.v1.ObjectMeta 1
  timestamp time 2
  window string 3
  containers []ContainerMetrics 4
ContainerMetrics
  name string 1
  usage {}quantity 2
`;
