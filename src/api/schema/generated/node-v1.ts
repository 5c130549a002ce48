/** Fields of node.v1, by scripts/derive-schema.ts; not to be edited. */
export default `
RuntimeClass
  metadata meta.v1.ObjectMeta 1
  handler string 2 !
  overhead Overhead 3
  scheduling Scheduling 4
Overhead
  podFixed {}quantity 1
Scheduling
  nodeSelector {}string 1 atomic
  tolerations []core.v1.Toleration 2
`;
