const object = `
  metadata: Name, namespace, labels and what else every object has.`;
const whole = `${object}
  spec: What is wanted.
  status: What was seen of it.`;

export default `
core.v1.Namespace: A part of the cluster: names in it are its own, and so are quotas and
    roles.${whole}
core.v1.Node: A machine that runs pods.${whole}
core.v1.NodeSpec: What a node is told.
  podCIDR: The range that its pods' addresses are from.
  podCIDRs: The ranges, one a family.
  providerID: What the machine is called by who lends it.
  unschedulable: No new pods come here.
  taints: What keeps pods away that do not tolerate it.
core.v1.NodeStatus: What a node's kubelet says of it.
  capacity: What the machine has.
  allocatable: What of it is for pods.
  conditions: Ready, and whether memory, disk or process numbers run short.
  addresses: Where the node is reached.
  daemonEndpoints: The kubelet's port.
  nodeInfo: Versions of its kernel, runtime and kubelet.
  images: Images that it has, the largest.
metrics.v1beta1.NodeMetrics: What a node uses now.
  timestamp: When it was measured.
  window: The time over which the processor's share is the mean.
  usage: How much of each resource.
metrics.v1beta1.PodMetrics: What the containers of a pod use now.
  timestamp: When it was measured.
  window: The time over which the processor's share is the mean.
  containers: Each of them.
metrics.v1beta1.ContainerMetrics: What a container uses now.
  name: Its name in the pod.
  usage: How much of each resource.
core.v1.Service: One name and address for pods that do the same.${whole}
core.v1.ServiceSpec: Which pods a service stands for, and where it is reached.
  selector: The labels of its pods; without one, somebody else makes its endpoints.
  ports: The ports that it has.
  type: ClusterIP inside the cluster, NodePort on every node, LoadBalancer outside, ExternalName
    for an alias.
  clusterIP: Its address in the cluster; None for the pods' own addresses in DNS.
  clusterIPs: Its addresses, one a family.
  externalName: The name that it is an alias of.
  externalIPs: More addresses that nodes take traffic at.
  sessionAffinity: ClientIP sends a client to the same pod again; None does not.
  sessionAffinityConfig: For how long.
  loadBalancerIP: Which address is wished of the load balancer.
  loadBalancerSourceRanges: Who may come through the load balancer.
  loadBalancerClass: Which implementation makes the load balancer.
  allocateLoadBalancerNodePorts: Whether a load balancer needs ports of nodes.
  externalTrafficPolicy: Cluster spreads over all pods, Local stays on the node and keeps the
    client's address.
  internalTrafficPolicy: The same for traffic from inside.
  healthCheckNodePort: Where load balancers ask whether a node has pods, for Local.
  publishNotReadyAddresses: Pods are in DNS before they are ready.
  ipFamilies: IPv4, IPv6 or both.
  ipFamilyPolicy: SingleStack, PreferDualStack or RequireDualStack.
  trafficDistribution: Whether near endpoints are preferred.
core.v1.ServicePort: A port of a service.
  name: Its name; needed where there are several.
  protocol: TCP, UDP or SCTP.
  appProtocol: What is spoken, such as kubernetes.io/h2c.
  port: The service's number.
  targetPort: The pods' number or name; the same number unless set.
  nodePort: The number on every node, from 30000 to 32767.
core.v1.Endpoints: The addresses behind a service, in the form of old.${object}
  subsets: Addresses with the ports that they have.
discovery.v1.EndpointSlice: Some of the addresses behind a service.${object}
  addressType: IPv4, IPv6 or FQDN.
  endpoints: The addresses, with whether they are ready.
  ports: The ports that all of them have.
core.v1.ConfigMap: Settings, as keys with texts.${object}
  data: Keys with texts.
  binaryData: Keys with bytes, in base64.
  immutable: Nothing of it can be changed any more.
core.v1.Secret: What not everybody should read, as keys with bytes.${object}
  data: Keys with bytes, in base64.
  stringData: Keys with texts, for writing alone: they become data.
  type: What it is for, such as Opaque, kubernetes.io/tls or kubernetes.io/dockerconfigjson.
  immutable: Nothing of it can be changed any more.
core.v1.ServiceAccount: Whom programs in pods speak to the API as.${object}
  secrets: Secrets that its pods may use.
  imagePullSecrets: Credentials for images that its pods get.
  automountServiceAccountToken: Whether its token is mounted into pods that do not say.
core.v1.PersistentVolume: Storage of the cluster.${whole}
core.v1.PersistentVolumeClaim: A wish for storage, and what fulfils it.${whole}
core.v1.PersistentVolumeClaimSpec: What storage is wished for.
  accessModes: ReadWriteOnce, ReadOnlyMany, ReadWriteMany or ReadWriteOncePod.
  resources: How much.
  storageClassName: Of which class; the cluster's default unless set.
  volumeName: The volume that it is bound to.
  volumeMode: Filesystem or Block.
  selector: Labels that the volume has to have.
core.v1.Event: Something that happened to an object. Kept for an hour.${object}
  involvedObject: The object.
  reason: What happened, in one word.
  message: What happened, in words.
  type: Normal or Warning.
  count: How often it happened.
  firstTimestamp: When it happened first.
  lastTimestamp: When it happened last.
  source: Who says so.
core.v1.LimitRange: Least, most and default amounts for containers, pods and claims of a
    namespace.${object}
  spec: The amounts.
core.v1.ResourceQuota: The most that a namespace may have.${whole}
core.v1.ResourceQuotaSpec: The most that a namespace may have.
  hard: Resources such as pods, requests.cpu or count/deployments.apps, with the most of each.
  scopes: Which pods are counted; all unless set.
  scopeSelector: The same with operators, for priority classes.
networking.v1.Ingress: How requests from outside come to services, by host and path.${whole}
networking.v1.IngressSpec: Which requests go to which service.
  ingressClassName: Who serves it.
  defaultBackend: Where requests go that no rule is about.
  rules: Hosts and paths with their services.
  tls: Hosts with the secrets that hold their certificates.
networking.v1.NetworkPolicy: Which traffic pods may have.${object}
  spec: The pods in question, and what is let through.
storage.v1.StorageClass: A kind of storage that claims can ask for.${object}
  provisioner: Who makes volumes of it.
  parameters: What the provisioner is told.
  reclaimPolicy: What happens to a volume when its claim goes: Delete or Retain.
  volumeBindingMode: Immediate, or WaitForFirstConsumer until a pod needs it.
  allowVolumeExpansion: Whether claims may grow.
  mountOptions: Options for mounting its volumes.
scheduling.v1.PriorityClass: A name for a priority.${object}
  value: The priority; higher goes first.
  globalDefault: Pods that name no class are of this one.
  preemptionPolicy: Whether its pods may push others out.
  description: What it is for.
node.v1.RuntimeClass: One of the nodes' container runtimes.${object}
  handler: What the runtime calls it.
  overhead: What its pods need besides their containers.
  scheduling: Which nodes have it.
coordination.v1.Lease: Who holds something, and until when.${object}
  spec: The holder and the times.
rbac.v1.Role: What may be done in a namespace.${object}
  rules: Verbs on resources.
rbac.v1.ClusterRole: What may be done in the cluster, or in the namespaces that a binding
    names.${object}
  rules: Verbs on resources and paths.
  aggregationRule: Gathers the rules of roles with these labels.
rbac.v1.PolicyRule: Verbs on resources.
  verbs: get, list, watch, create, update, patch, delete and others; * for all.
  apiGroups: The groups of the resources; "" for the core.
  resources: The resources, such as pods or pods/log.
  resourceNames: Only objects of these names.
  nonResourceURLs: Paths of the server, such as /metrics.
rbac.v1.RoleBinding: Who has a role in a namespace.${object}
  subjects: Users, groups and service accounts.
  roleRef: The role; fixed.
rbac.v1.ClusterRoleBinding: Who has a role in the whole cluster.${object}
  subjects: Users, groups and service accounts.
  roleRef: The role; fixed.
certificates.v1.CertificateSigningRequest: A wish for a certificate.${whole}
`;
