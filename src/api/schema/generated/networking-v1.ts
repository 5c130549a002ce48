/** Fields of networking.v1, by scripts/derive-schema.ts; not to be edited. */
export default `
Ingress
  metadata meta.v1.ObjectMeta 1
  spec IngressSpec 2
  status IngressStatus 3
IngressClass
  metadata meta.v1.ObjectMeta 1
  spec IngressClassSpec 2
NetworkPolicy
  metadata meta.v1.ObjectMeta 1
  spec NetworkPolicySpec 2
IngressSpec
  ingressClassName string 4 *
  defaultBackend IngressBackend 1
  tls []IngressTLS 2
  rules []IngressRule 3
IngressStatus
  loadBalancer IngressLoadBalancerStatus 1
IngressClassSpec
  controller string 1
  parameters IngressClassParametersReference 2
NetworkPolicySpec
  podSelector meta.v1.LabelSelector 1
  ingress []NetworkPolicyIngressRule 2
  egress []NetworkPolicyEgressRule 3
  policyTypes []string 4
IngressBackend
  service IngressServiceBackend 4
  resource core.v1.TypedLocalObjectReference 3
IngressTLS
  hosts []string 1
  secretName string 2
IngressRule
  host string 1
  ingressRuleValue IngressRuleValue 2 inline
IngressLoadBalancerStatus
  ingress []IngressLoadBalancerIngress 1
IngressClassParametersReference
  kind string 2 !
  name string 3 !
  scope string 4 *
  namespace string 5 *
NetworkPolicyIngressRule
  ports []NetworkPolicyPort 1
  from []NetworkPolicyPeer 2
NetworkPolicyEgressRule
  ports []NetworkPolicyPort 1
  to []NetworkPolicyPeer 2
IngressServiceBackend
  name string 1 !
  port ServiceBackendPort 2
IngressRuleValue
  http HTTPIngressRuleValue 1
IngressLoadBalancerIngress
  ip string 1
  hostname string 2
  ports []IngressPortStatus 4
NetworkPolicyPort
  protocol string 1
  port intOrString 2
  endPort int32 3 *
NetworkPolicyPeer
  podSelector meta.v1.LabelSelector 1
  namespaceSelector meta.v1.LabelSelector 2
  ipBlock IPBlock 3
ServiceBackendPort atomic
  name string 1
  number int32 2
HTTPIngressRuleValue
  paths []HTTPIngressPath 1 !
IngressPortStatus
  port int32 1 !
  protocol string 2 !
  error string 3 *
IPBlock
  cidr string 1 !
  except []string 2
HTTPIngressPath
  path string 1
  pathType string 3 !
  backend IngressBackend 2 !
`;
