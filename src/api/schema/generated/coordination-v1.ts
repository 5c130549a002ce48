/** Fields of coordination.v1, by scripts/derive-schema.ts; not to be edited. */
export default `
Lease
  metadata meta.v1.ObjectMeta 1
  spec LeaseSpec 2
LeaseSpec
  holderIdentity string 1 *
  leaseDurationSeconds int32 2 *
  acquireTime microTime 3
  renewTime microTime 4
  leaseTransitions int32 5 *
  strategy string 6
  preferredHolder string 7 *
`;
