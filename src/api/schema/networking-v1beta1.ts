/** Ingress as before Kubernetes 1.19: a backend names service and port side by side. */
export default `
Ingress
  metadata meta.v1.ObjectMeta 1
  spec IngressSpec 2
  status networking.v1.IngressStatus 3
IngressSpec
  ingressClassName string 4
  backend IngressBackend 1
  tls []networking.v1.IngressTLS 2
  rules []IngressRule 3
IngressBackend
  serviceName string 1
  servicePort intOrString 2
  resource core.v1.TypedLocalObjectReference 3
IngressRule
  host string 1
  ingressRuleValue IngressRuleValue 2 inline
IngressRuleValue
  http HTTPIngressRuleValue 1
HTTPIngressRuleValue
  paths []HTTPIngressPath 1 !
HTTPIngressPath
  path string 1
  pathType string 3
  backend IngressBackend 2 !
`;
