/** Fields of events.v1, by scripts/derive-schema.ts; not to be edited. */
export default `
Event
  metadata meta.v1.ObjectMeta 1
  eventTime microTime 2 !
  series EventSeries 3
  reportingController string 4
  reportingInstance string 5
  action string 6
  reason string 7
  regarding core.v1.ObjectReference 8
  related core.v1.ObjectReference 9
  note string 10
  type string 11
  deprecatedSource core.v1.EventSource 12
  deprecatedFirstTimestamp time 13
  deprecatedLastTimestamp time 14
  deprecatedCount int32 15
EventSeries
  count int32 1 !
  lastObservedTime microTime 2 !
`;
