/** Types within pods and nodes. */
export default `
core.v1.ObjectReference: Another object.
core.v1.LocalObjectReference: An object of the same namespace.
core.v1.Binding: Puts a pod on a node.
  target: The node.
core.v1.ComponentStatus: How a part of the control plane is; kept for old clients.
core.v1.ComponentCondition: What holds of a part of the control plane.
core.v1.EndpointSubset: Addresses that all have the same ports.
  addresses: Those that are ready.
  notReadyAddresses: Those that are not ready.
core.v1.EndpointAddress: One address that a service leads to.
core.v1.EndpointPort: One port that a service leads to.
  name: The service's name for the port.
core.v1.EventSource: Who tells an event.
  component: The program.
  host: The node it runs on.
core.v1.EventSeries: An event that goes on.
core.v1.Event: Something that happened to an object.
  series: How often it has happened since.
  related: Another object that it has to do with.
  reportingComponent: Who tells it.
events.v1.EventSeries: An event that goes on.
events.v1.Event: Something that happened to an object.
  series: How often it has happened since.
  regarding: The object that it happened to.
  related: Another object that it has to do with.
  note: What happened, in words for people.
  type: Normal or Warning.
  deprecatedSource: Who tells it, as older clients have it.
  deprecatedFirstTimestamp: When it happened first, as older clients have it.
  deprecatedLastTimestamp: When it happened last, as older clients have it.
  deprecatedCount: How often it happened, as older clients have it.
core.v1.LimitRangeSpec: What one object of a namespace may take.
  limits: One entry a kind of thing.
core.v1.LimitRangeItem: Bounds for one kind of thing.
  type: Container, Pod or PersistentVolumeClaim.
  default: The limit of a container that has none.
  defaultRequest: The request of a container that has none.
  maxLimitRequestRatio: How many times its request a limit may be, by resource.
core.v1.NamespaceSpec: What a namespace waits for.
  finalizers: What has to be done before the namespace is gone.
core.v1.NamespaceStatus: How far a namespace is.
  phase: Active or Terminating.
core.v1.NamespaceCondition: Something that holds of a namespace, or not.
core.v1.Taint: Keeps pods away that do not bear it.
  key: The taint's name.
  value: More about the taint.
  timeAdded: Since when; for NoExecute.
core.v1.NodeSpec: What a node shall be.
  configSource: Where the kubelet's configuration comes from; no longer used.
  externalID: What a cloud calls the node; no longer used.
core.v1.ConfigMapNodeConfigSource: A ConfigMap with a kubelet's configuration; no longer used.
  kubeletConfigKey: The key with the configuration.
core.v1.NodeConfigSource: Where a kubelet's configuration comes from; no longer used.
  configMap: The ConfigMap.
core.v1.NodeConfigStatus: Which configuration a kubelet uses; no longer used.
  assigned: The one it was given.
  active: The one it uses.
  lastKnownGood: The one it falls back to.
core.v1.NodeStatus: What was seen of a node, mostly by its kubelet.
  phase: Pending, Running or Terminated; no longer written.
  volumesInUse: Volumes that are mounted, or about to be.
  volumesAttached: Volumes that are attached.
  config: Which configuration the kubelet uses; no longer used.
  runtimeHandlers: What the container runtime's handlers can.
  features: What the container runtime can.
  declaredFeatures: What the kubelet says that it can.
core.v1.NodeCondition: Something that holds of a node, or not.
core.v1.NodeAddress: One address of a node.
  type: Hostname, InternalIP, ExternalIP, InternalDNS or ExternalDNS.
  address: The name or address.
core.v1.NodeDaemonEndpoints: Where a node's programs are reached.
  kubeletEndpoint: The kubelet's port.
core.v1.DaemonEndpoint: Where a program is reached.
  Port: Its port.
core.v1.NodeSwapStatus: The node's swap.
  capacity: How much there is, in bytes.
core.v1.NodeSystemInfo: What a node is.
  machineID: The machine's id, of /etc/machine-id.
  systemUUID: The id that the firmware tells.
  kernelVersion: The kernel's version.
  osImage: The distribution's name.
  containerRuntimeVersion: The container runtime and its version.
  kubeletVersion: The kubelet's version.
  kubeProxyVersion: No longer written.
  operatingSystem: linux or windows.
  architecture: The processor's kind, such as amd64.
  swap: The node's swap.
core.v1.ContainerImage: An image on a node.
core.v1.AttachedVolume: A volume that is attached to a node.
core.v1.NodeRuntimeHandler: One handler of the container runtime.
  name: The handler, empty for the usual one.
  features: What it can.
core.v1.NodeRuntimeHandlerFeatures: What a handler can.
  recursiveReadOnlyMounts: Mounts can be read-only with all below.
  userNamespaces: Pods can have users of their own.
core.v1.NodeFeatures: What a container runtime can.
  supplementalGroupsPolicy: It keeps to the pod's policy for groups.
core.v1.NodeSelector: Requirements of which one has to be met.
core.v1.NodeSelectorTerm: Requirements about labels and fields, which all have to be met.
core.v1.NodeSelectorRequirement: A requirement about a label or field.
  operator: In, NotIn, Exists, DoesNotExist, Gt or Lt.
core.v1.NodeAffinity: On which nodes a pod may be, or had better be.
core.v1.PreferredSchedulingTerm: Nodes that are liked.
core.v1.PodAffinity: Near which pods a pod belongs.
core.v1.PodAntiAffinity: Far from which pods a pod belongs.
core.v1.WeightedPodAffinityTerm: Pods that it had better be near to, or far from.
core.v1.PodAffinityTerm: Which pods, and what counts as one place.
core.v1.TopologySpreadConstraint: How evenly pods are spread over places.
  maxSkew: By how many pods a place may have more than the one that has fewest.
  whenUnsatisfiable: DoNotSchedule, or ScheduleAnyway.
  labelSelector: Which pods are counted.
  minDomains: How many places there have to be before the fewest counts.
  nodeAffinityPolicy: Whether places count that the pod's own affinity excludes: Honor or Ignore.
  nodeTaintsPolicy: Whether places count whose taints the pod does not bear: Honor or Ignore.
core.v1.ObjectFieldSelector: A field of an object.
  fieldPath: Which field, such as metadata.name or status.podIP.
core.v1.ResourceFieldSelector: An amount of a container.
  resource: Which amount, such as limits.memory.
core.v1.ConfigMapEnvSource: A ConfigMap's keys as variables.
core.v1.SecretEnvSource: A Secret's keys as variables.
core.v1.ConfigMapKeySelector: A key of a ConfigMap.
core.v1.SecretKeySelector: A key of a Secret.
core.v1.FileKeySelector: A variable of a file.
  path: The file within the volume.
  key: The variable's name in the file.
core.v1.EnvVarSource: Where a variable's value comes from.
  fileKeyRef: A variable of a file in a volume.
core.v1.ResourceClaim: A claim of the pod that a container uses.
  name: The entry of the pod's resourceClaims.
  request: One request of the claim; all when it is empty.
core.v1.ContainerResizePolicy: What a change of an amount means for a container.
  restartPolicy: NotRequired or RestartContainer.
core.v1.ContainerRestartRule: When a container is started again.
  action: Restart, or RestartAllContainers.
  exitCodes: By which exit codes.
core.v1.ContainerRestartRuleOnExitCodes: Exit codes.
  operator: In or NotIn.
core.v1.Container: One container of a pod.
core.v1.ExecAction: A command in a container.
  command: The command with its arguments; success is exit code 0.
core.v1.HTTPHeader: One header.
core.v1.TCPSocketAction: A connection that is opened.
core.v1.GRPCAction: A call of the gRPC health service.
  service: The service to ask about; the whole server unless set.
core.v1.ProbeHandler: How it is looked at; one of these.
core.v1.LifecycleHandler: What is done; one of these.
  sleep: Waits.
core.v1.SleepAction: A wait.
  seconds: How long.
core.v1.Lifecycle: What is done after a start and before an end.
  postStart: Done right after the start; when it fails the container is killed.
  preStop: Done before the container is asked to end, within its grace period.
core.v1.Capabilities: What root may do.
  add: What is given besides the runtime's own list.
  drop: What is taken away from it.
core.v1.SELinuxOptions: A label of SELinux.
  user: The label's user.
  role: The label's role.
  type: The label's type.
  level: The label's level.
core.v1.WindowsSecurityContextOptions: Settings for Windows.
  gmsaCredentialSpecName: The credential specification by its name.
  gmsaCredentialSpec: The credential specification itself.
  hostProcess: The container runs as a process of the node.
core.v1.SeccompProfile: Which system calls are let through.
  type: RuntimeDefault, Localhost or Unconfined.
core.v1.AppArmorProfile: Which profile of AppArmor confines it.
  type: RuntimeDefault, Localhost or Unconfined.
core.v1.SecurityContext: Users, capabilities and kernel settings of a container.
  windowsOptions: Settings for Windows.
core.v1.PodSecurityContext: Users and kernel settings of all containers of a pod.
  seLinuxOptions: The label of SELinux.
  windowsOptions: Settings for Windows.
  supplementalGroupsPolicy: Whether groups of the image's own files count: Merge or Strict.
  appArmorProfile: The profile of AppArmor.
  seLinuxChangePolicy: How volumes get their label: MountOption or Recursive.
core.v1.Sysctl: A setting of the pod's kernel namespaces.
core.v1.EphemeralContainer: A container added to a running pod, for looking into it.
  targetContainerName: The container whose processes it sees.
core.v1.EphemeralContainerCommon: A container added to a running pod.
core.v1.HostAlias: A line of /etc/hosts.
core.v1.PodDNSConfig: How names are looked up.
  nameservers: Addresses of name servers, besides those of the policy.
  searches: Domains that are tried for short names, besides those of the policy.
core.v1.PodDNSConfigOption: An option of the resolver.
core.v1.PodReadinessGate: A condition that has to hold before the pod is ready.
  conditionType: The condition's type.
core.v1.PodOS: The system that the pod is for.
  name: linux or windows.
core.v1.PodSchedulingGate: Something that holds the scheduler back.
core.v1.PodResourceClaim: A claim that containers of the pod use.
  name: What containers call it.
  resourceClaimTemplateName: What a claim is made of for this pod alone.
core.v1.PodSchedulingGroup: The pods that are placed together.
  podGroupName: The group's name.
core.v1.PodSpec: What shall run in a pod, where, and how.
  hostnameOverride: The host name that the containers see, whatever else is set.
  schedulingGroup: The pods that are placed together with this one.
core.v1.PodCondition: Something that holds of a pod, or not.
core.v1.HostIP: An address of the node.
core.v1.PodIP: An address of the pod.
core.v1.ContainerState: How a container is; one of these.
  waiting: It does not run yet.
  running: It runs.
  terminated: It has ended.
core.v1.ContainerStateWaiting: A container that does not run yet.
core.v1.ContainerStateRunning: A container that runs.
core.v1.ContainerStateTerminated: A container that has ended.
  exitCode: What it ended with.
core.v1.ContainerStatus: What was seen of a container.
  state: How it is.
  ready: It passes its readiness probe.
  started: It passed its startup probe and its hook after the start is done.
  image: The image that it runs.
  volumeMounts: How its volumes were mounted.
  user: Who it runs as.
  allocatedResourcesStatus: How devices that it has are.
core.v1.ContainerUser: Who a container runs as.
  linux: On Linux.
core.v1.LinuxContainerUser: Who a container runs as on Linux.
  uid: The number of its user.
core.v1.ImageVolumeStatus: Which image a volume is.
core.v1.ResourceHealth: How one device is.
core.v1.ResourceStatus: How the devices of one resource are.
  name: The resource.
  resources: One entry a device.
core.v1.PodResourceClaimStatus: Which claim was made for a pod.
core.v1.ContainerExtendedResourceRequest: Which container asked for which resource.
core.v1.PodExtendedResourceClaimStatus: The claim made for extended resources.
  requestMappings: Which request of the claim is for which container.
core.v1.NodeAllocatableResourceClaimStatus: A claim that takes of what the node has.
  containers: The containers that use it.
core.v1.PodStatus: What was seen of a pod, mostly by its node's kubelet.
  resize: How far a change of its resources is; told by conditions now.
  resourceClaimStatuses: The claims made for the pod.
  extendedResourceClaimStatus: The claim made for extended resources.
  nodeAllocatableResourceClaimStatuses: Claims that take of what the node has.
core.v1.PodTemplate: A template of pods, kept for others.
core.v1.ReplicationControllerSpec: How many pods there shall be, and what they are made of.
core.v1.ReplicationControllerStatus: How many there are.
core.v1.ReplicationControllerCondition: Something that holds of it, or not.
core.v1.ScopeSelector: Which objects a quota counts.
core.v1.ScopedResourceSelectorRequirement: One requirement about what a quota counts.
  scopeName: What is looked at, such as PriorityClass.
  operator: In, NotIn, Exists or DoesNotExist.
core.v1.ResourceQuotaStatus: What is allowed, and what is taken.
  hard: The most that is allowed, by resource.
  used: What is taken now, by resource.
core.v1.SessionAffinityConfig: How clients stay with their pod.
  clientIP: By the client's address.
core.v1.ClientIPConfig: How long a client stays with its pod.
  timeoutSeconds: How long after its last connection; 10800 unless set.
core.v1.ServiceStatus: Where a service is reached from outside.
core.v1.LoadBalancerStatus: Where a load balancer is reached.
  ingress: One entry a point.
core.v1.LoadBalancerIngress: One point at which a load balancer is reached.
core.v1.PortStatus: How one port is.
`;
