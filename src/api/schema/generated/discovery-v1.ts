/** Fields of discovery.v1, by scripts/derive-schema.ts; not to be edited. */
export default `
EndpointSlice
  metadata meta.v1.ObjectMeta 1
  addressType string 4 !
  endpoints []Endpoint 2
  ports []EndpointPort 3
Endpoint
  addresses []string 1 ! set
  conditions EndpointConditions 2
  hostname string 3 *
  targetRef core.v1.ObjectReference 4
  deprecatedTopology {}string 5
  nodeName string 6 *
  zone string 7 *
  hints EndpointHints 8
EndpointPort atomic
  name string 1 *
  protocol string 2
  port int32 3 *
  appProtocol string 4 *
EndpointConditions
  ready bool 1 *
  serving bool 2 *
  terminating bool 3 *
EndpointHints
  forZones []ForZone 1
  forNodes []ForNode 2
ForZone
  name string 1 !
ForNode
  name string 1 !
`;
