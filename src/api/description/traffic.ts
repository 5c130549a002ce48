/** Networks, scaling, access. */
export default `
discovery.v1.Endpoint: One or more addresses of the same thing.
  zone: The zone that it is in.
  hints: Who had better use it.
  deprecatedTopology: Labels of its node, as older clients have them.
discovery.v1.EndpointConditions: How an endpoint is.
  ready: It takes new connections.
  serving: It serves, also while it is on its way out.
discovery.v1.EndpointHints: Who had better use an endpoint.
  forZones: Clients in these zones.
  forNodes: Clients on these nodes.
discovery.v1.ForZone: A zone.
discovery.v1.ForNode: A node.
discovery.v1.EndpointPort: One port of the endpoints.
  name: The service's name for the port.
networking.v1.IngressClass: Which controller serves ingresses of the class.
networking.v1.IngressClassSpec: A class of ingresses.
  controller: The controller's name.
  parameters: An object with more settings.
networking.v1.IngressClassParametersReference: An object with settings.
  scope: Cluster or Namespace.
networking.v1.IngressRule: What happens to requests for a host.
  host: The host's name; all when it is empty.
networking.v1.IngressRuleValue: What happens to a host's requests.
networking.v1.HTTPIngressRuleValue: Where requests go, by path.
networking.v1.HTTPIngressPath: Where requests for a path go.
  backend: Where they go.
networking.v1.IngressBackend: Where requests go.
  resource: An object of another kind that takes them.
networking.v1.IngressServiceBackend: A Service that takes requests.
networking.v1.ServiceBackendPort: A Service's port.
  number: The port by its number.
networking.v1.IngressTLS: Hosts that are served by TLS.
networking.v1.IngressStatus: Where an ingress is reached.
networking.v1.IngressLoadBalancerStatus: Where an ingress is reached.
  ingress: One entry a point.
networking.v1.IngressLoadBalancerIngress: One point at which an ingress is reached.
networking.v1.IngressPortStatus: How one port is.
networking.v1beta1.Ingress: Which requests from outside go to which services; the old version.
networking.v1beta1.IngressSpec: Where requests go.
  ingressClassName: The class, which says who serves it.
  backend: Where all go that no rule fits.
  tls: Hosts that are served by TLS.
  rules: Where requests go, by host.
networking.v1beta1.IngressRule: What happens to requests for a host.
  host: The host's name; all when it is empty.
networking.v1beta1.IngressRuleValue: What happens to a host's requests.
networking.v1beta1.HTTPIngressRuleValue: Where requests go, by path.
networking.v1beta1.HTTPIngressPath: Where requests for a path go.
  backend: Where they go.
networking.v1beta1.IngressBackend: Where requests go.
  serviceName: The Service.
  servicePort: The Service's port.
  resource: An object of another kind that takes them.
networking.v1.NetworkPolicySpec: Whom pods may be called by, and whom they may call.
  policyTypes: What it is about: Ingress, Egress or both.
networking.v1.NetworkPolicyIngressRule: Who may call which ports.
networking.v1.NetworkPolicyEgressRule: Who may be called at which ports.
  to: Who may be called; everybody when there is no entry.
networking.v1.NetworkPolicyPeer: Pods, or addresses.
  ipBlock: Addresses.
networking.v1.IPBlock: A range of addresses with holes.
  except: Ranges within it that are not meant.
networking.v1.NetworkPolicyPort: A port, or a range of them.
node.v1.Overhead: What a pod of the class takes on top of its containers.
node.v1.Scheduling: Where pods of the class may be.
policy.v1.PodDisruptionBudgetStatus: How much may be taken away now.
  disruptedPods: Pods whose eviction was allowed and that are not gone yet, with the time.
  disruptionsAllowed: How many pods may be evicted now.
  currentHealthy: Pods that are healthy.
  desiredHealthy: Pods that have to stay healthy.
  expectedPods: Pods that are counted.
autoscaling.v2.CrossVersionObjectReference: An object of the same namespace.
autoscaling.v2.HorizontalPodAutoscalerSpec: What is scaled, between which bounds, by what.
  metrics: By what; the one that asks for most pods wins.
  behavior: How fast it goes up and down.
autoscaling.v2.MetricSpec: One metric, and the value that is aimed at.
  type: Resource, ContainerResource, Pods, Object or External.
  pods: A metric that each pod has.
  resource: What the pods use, of what they request.
  containerResource: What one container of each pod uses.
  external: A metric from outside the cluster.
autoscaling.v2.MetricStatus: One metric as it was measured.
  type: Resource, ContainerResource, Pods, Object or External.
  pods: A metric that each pod has.
  resource: What the pods use, of what they request.
  containerResource: What one container of each pod uses.
  external: A metric from outside the cluster.
autoscaling.v2.MetricIdentifier: Which metric.
autoscaling.v2.MetricTarget: The value that is aimed at.
  type: Utilization, Value or AverageValue.
autoscaling.v2.MetricValueStatus: The value that was measured.
autoscaling.v2.ObjectMetricSource: A metric of one object.
autoscaling.v2.PodsMetricSource: A metric that each pod has.
autoscaling.v2.ResourceMetricSource: What the pods use.
  name: The resource, such as cpu.
autoscaling.v2.ContainerResourceMetricSource: What one container of each pod uses.
  name: The resource, such as cpu.
autoscaling.v2.ExternalMetricSource: A metric from outside the cluster.
autoscaling.v2.ObjectMetricStatus: A metric of one object, as measured.
autoscaling.v2.PodsMetricStatus: A metric that each pod has, as measured.
autoscaling.v2.ResourceMetricStatus: What the pods use, as measured.
  name: The resource, such as cpu.
autoscaling.v2.ContainerResourceMetricStatus: What one container of each pod uses, as measured.
  name: The resource, such as cpu.
autoscaling.v2.ExternalMetricStatus: A metric from outside the cluster, as measured.
autoscaling.v2.HorizontalPodAutoscalerBehavior: How fast it goes up and down.
  scaleUp: How fast pods are added.
  scaleDown: How fast pods are taken away.
autoscaling.v2.HPAScalingRules: How fast it goes one way.
  stabilizationWindowSeconds: How long earlier wishes are looked back at before a change.
  selectPolicy: Which of the policies counts: Max, Min or Disabled.
  policies: How much may change in a time.
  tolerance: How far from the target a metric may be before anything changes.
autoscaling.v2.HPAScalingPolicy: How much may change in a time.
  type: Pods or Percent.
  value: How many, or how many percent.
  periodSeconds: Within how long.
autoscaling.v2.HorizontalPodAutoscalerStatus: What was seen, and done.
autoscaling.v2.HorizontalPodAutoscalerCondition: Something that holds of it, or not.
autoscaling.v1.CrossVersionObjectReference: An object of the same namespace.
autoscaling.v1.HorizontalPodAutoscalerSpec: What is scaled, between which bounds.
  targetCPUUtilizationPercentage: What the pods shall use of the processor time they request.
autoscaling.v1.HorizontalPodAutoscalerStatus: What was seen, and done.
  currentCPUUtilizationPercentage: What the pods use of the processor time they request.
rbac.v1.Subject: Somebody who gets a role.
  kind: User, Group or ServiceAccount.
rbac.v1.RoleRef: The role that is given; it does not change.
  kind: Role or ClusterRole.
rbac.v1.AggregationRule: Whose rules a role is put together from.
  clusterRoleSelectors: By their labels, the roles that are meant.
authentication.v1.UserInfo: Who somebody is.
  uid: Tells a user from another who has the name later.
authentication.v1.SelfSubjectReview: Asks who one is.
authentication.v1.SelfSubjectReviewStatus: Who one is.
authentication.v1.TokenReview: Asks whose a token is.
authentication.v1.TokenReviewSpec: The token.
  token: The token.
authentication.v1.TokenReviewStatus: Whose it is.
  authenticated: It is good.
  user: Whose it is.
meta.v1.FieldSelectorRequirement: A requirement about a field or label.
  key: The field or label.
  operator: In, NotIn, Exists or DoesNotExist.
authorization.v1.FieldSelectorAttributes: Which fields the request selects by.
  rawSelector: The selector as it was sent.
authorization.v1.LabelSelectorAttributes: Which labels the request selects by.
  rawSelector: The selector as it was sent.
authorization.v1.ResourceAttributes: What is asked about objects.
  namespace: The namespace; all when it is empty.
  name: The object; all when it is empty.
  labelSelector: Only objects with these labels are meant.
authorization.v1.NonResourceAttributes: What is asked about a path.
authorization.v1.SubjectAccessReview: Asks whether somebody may do something.
authorization.v1.SubjectAccessReviewSpec: Who, and what.
authorization.v1.SubjectAccessReviewStatus: Whether he may.
  allowed: He may.
  denied: Nobody else can allow it.
  reason: Why, in words.
authorization.v1.LocalSubjectAccessReview: Asks whether somebody may do something in a namespace.
authorization.v1.SelfSubjectAccessReview: Asks whether one may do something oneself.
authorization.v1.SelfSubjectAccessReviewSpec: What.
authorization.v1.SelfSubjectRulesReview: Asks what one may do in a namespace.
authorization.v1.SelfSubjectRulesReviewSpec: Where.
authorization.v1.SubjectRulesReviewStatus: What one may do there.
authorization.v1.ResourceRule: What may be done with which objects.
authorization.v1.NonResourceRule: What may be done with which paths.
certificates.v1.CertificateSigningRequestSpec: What certificate is asked for, by whom.
  request: The request (PKCS #10) in PEM.
  usages: What the certificate is for, such as client auth.
  username: Who asked. Set by the server.
  uid: Who asked, told from another of the name. Set by the server.
  groups: The groups of who asked. Set by the server.
certificates.v1.CertificateSigningRequestStatus: What came of it.
  certificate: The certificate in PEM, once it is signed.
certificates.v1.CertificateSigningRequestCondition: An answer.
  type: Approved, Denied or Failed.
meta.v1.ManagedFieldsEntry: Which fields a manager owns.
  manager: Who.
  operation: How they were written: Apply or Update.
  time: When they were last changed.
  fieldsType: How the fields are written down: FieldsV1.
  fieldsV1: The fields, as a tree.
`;
