/** Fields of scheduling.v1, by scripts/derive-schema.ts; not to be edited. */
export default `
PriorityClass
  metadata meta.v1.ObjectMeta 1
  value int32 2
  globalDefault bool 3
  description string 4
  preemptionPolicy string 5
`;
