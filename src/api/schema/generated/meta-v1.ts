/** Fields of meta.v1, by scripts/derive-schema.ts; not to be edited. */
export default `
ObjectMeta
  name string 1
  generateName string 2
  namespace string 3
  selfLink string 4
  uid string 5
  resourceVersion string 6
  generation int64 7
  creationTimestamp time 8
  deletionTimestamp time 9
  deletionGracePeriodSeconds int64 10 *
  labels {}string 11
  annotations {}string 12
  ownerReferences []OwnerReference 13 map=uid merge=uid
  finalizers []string 14 set merge
  managedFields []ManagedFieldsEntry 17
ListMeta
  selfLink string 1
  resourceVersion string 2
  continue string 3
  remainingItemCount int64 4 *
  shardInfo ShardInfo 5
Status
  metadata ListMeta 1
  status string 2
  message string 3
  reason string 4
  details StatusDetails 5
  code int32 6
DeleteOptions
  gracePeriodSeconds int64 1 *
  preconditions Preconditions 2
  orphanDependents bool 3 *
  propagationPolicy string 4
  dryRun []string 5
  ignoreStoreReadErrorWithClusterBreakingPotential bool 6 *
LabelSelector atomic
  matchLabels {}string 1
  matchExpressions []LabelSelectorRequirement 2
OwnerReference atomic
  apiVersion string 5 !
  kind string 1 !
  name string 3 !
  uid string 4 !
  controller bool 6 *
  blockOwnerDeletion bool 7 *
ManagedFieldsEntry
  manager string 1
  operation string 2
  apiVersion string 3
  time time 4
  fieldsType string 6
  fieldsV1 fields 7
  subresource string 8
ShardInfo
  selector string 1 !
StatusDetails
  name string 1
  group string 2
  kind string 3
  uid string 6
  causes []StatusCause 4
  retryAfterSeconds int32 5
Preconditions
  uid string 1
  resourceVersion string 2 *
LabelSelectorRequirement
  key string 1 !
  operator string 2 !
  values []string 3
Condition
  type string 1 !
  status string 2 !
  observedGeneration int64 3
  lastTransitionTime time 4 !
  reason string 5 !
  message string 6 !
StatusCause
  reason string 1
  message string 2
  field string 3
FieldSelectorRequirement
  key string 1 !
  operator string 2 !
  values []string 3
`;
