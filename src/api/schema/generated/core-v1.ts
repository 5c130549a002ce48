/** Fields of core.v1, by scripts/derive-schema.ts; not to be edited. */
export default `
Namespace
  metadata meta.v1.ObjectMeta 1
  spec NamespaceSpec 2
  status NamespaceStatus 3
Node
  metadata meta.v1.ObjectMeta 1
  spec NodeSpec 2
  status NodeStatus 3
Pod
  metadata meta.v1.ObjectMeta 1
  spec PodSpec 2
  status PodStatus 3
Service
  metadata meta.v1.ObjectMeta 1
  spec ServiceSpec 2
  status ServiceStatus 3
Endpoints
  metadata meta.v1.ObjectMeta 1
  subsets []EndpointSubset 2
ConfigMap
  metadata meta.v1.ObjectMeta 1
  immutable bool 4 *
  data {}string 2
  binaryData {}bytes 3
Secret
  metadata meta.v1.ObjectMeta 1
  immutable bool 5 *
  data {}bytes 2
  stringData {}string 4
  type string 3
ServiceAccount
  metadata meta.v1.ObjectMeta 1
  secrets []ObjectReference 2 map=name merge=name
  imagePullSecrets []LocalObjectReference 3
  automountServiceAccountToken bool 4 *
Event
  metadata meta.v1.ObjectMeta 1 !
  involvedObject ObjectReference 2 !
  reason string 3
  message string 4
  source EventSource 5
  firstTimestamp time 6
  lastTimestamp time 7
  count int32 8
  type string 9
  eventTime microTime 10
  series EventSeries 11
  action string 12
  related ObjectReference 13
  reportingComponent string 14
  reportingInstance string 15
PersistentVolume
  metadata meta.v1.ObjectMeta 1
  spec PersistentVolumeSpec 2
  status PersistentVolumeStatus 3
PersistentVolumeClaim
  metadata meta.v1.ObjectMeta 1
  spec PersistentVolumeClaimSpec 2
  status PersistentVolumeClaimStatus 3
ReplicationController
  metadata meta.v1.ObjectMeta 1
  spec ReplicationControllerSpec 2
  status ReplicationControllerStatus 3
LimitRange
  metadata meta.v1.ObjectMeta 1
  spec LimitRangeSpec 2
ResourceQuota
  metadata meta.v1.ObjectMeta 1
  spec ResourceQuotaSpec 2
  status ResourceQuotaStatus 3
PodTemplate
  metadata meta.v1.ObjectMeta 1
  template PodTemplateSpec 2
Binding
  metadata meta.v1.ObjectMeta 1
  target ObjectReference 2 !
ComponentStatus
  metadata meta.v1.ObjectMeta 1
  conditions []ComponentCondition 2 map=type merge=type
PodLogOptions
  container string 1
  follow bool 2
  previous bool 3
  sinceSeconds int64 4 *
  sinceTime time 5
  timestamps bool 6
  tailLines int64 7 *
  limitBytes int64 8 *
  insecureSkipTLSVerifyBackend bool 9
  stream string 10 *
PodExecOptions
  stdin bool 1
  stdout bool 2
  stderr bool 3
  tty bool 4
  container string 5
  command []string 6
PodAttachOptions
  stdin bool 1
  stdout bool 2
  stderr bool 3
  tty bool 4
  container string 5
PodPortForwardOptions
  ports []int32 1
NamespaceSpec
  finalizers []string 1
NamespaceStatus
  phase string 1
  conditions []NamespaceCondition 2 map=type merge=type
NodeSpec
  podCIDR string 1
  podCIDRs []string 7 set merge
  providerID string 3
  unschedulable bool 4
  taints []Taint 5
  configSource NodeConfigSource 6
  externalID string 2
NodeStatus
  capacity {}quantity 1
  allocatable {}quantity 2
  phase string 3
  conditions []NodeCondition 4 map=type merge=type
  addresses []NodeAddress 5 map=type merge=type
  daemonEndpoints NodeDaemonEndpoints 6
  nodeInfo NodeSystemInfo 7
  images []ContainerImage 8
  volumesInUse []string 9
  volumesAttached []AttachedVolume 10
  config NodeConfigStatus 11
  runtimeHandlers []NodeRuntimeHandler 12
  features NodeFeatures 13
  declaredFeatures []string 14
PodSpec
  volumes []Volume 1 map=name merge=name retainKeys
  initContainers []Container 20 map=name merge=name
  containers []Container 2 ! map=name merge=name
  ephemeralContainers []EphemeralContainer 34 map=name merge=name
  restartPolicy string 3
  terminationGracePeriodSeconds int64 4 *
  activeDeadlineSeconds int64 5 *
  dnsPolicy string 6
  nodeSelector {}string 7 atomic
  serviceAccountName string 8
  serviceAccount string 9
  automountServiceAccountToken bool 21 *
  nodeName string 10
  hostNetwork bool 11
  hostPID bool 12
  hostIPC bool 13
  shareProcessNamespace bool 27 *
  securityContext PodSecurityContext 14
  imagePullSecrets []LocalObjectReference 15 map=name merge=name
  hostname string 16
  subdomain string 17
  affinity Affinity 18
  schedulerName string 19
  tolerations []Toleration 22
  hostAliases []HostAlias 23 map=ip merge=ip
  priorityClassName string 24
  priority int32 25 *
  dnsConfig PodDNSConfig 26
  readinessGates []PodReadinessGate 28
  runtimeClassName string 29 *
  enableServiceLinks bool 30 *
  preemptionPolicy string 31
  overhead {}quantity 32
  topologySpreadConstraints []TopologySpreadConstraint 33 map=topologyKey,whenUnsatisfiable merge=topologyKey
  setHostnameAsFQDN bool 35 *
  os PodOS 36
  hostUsers bool 37 *
  schedulingGates []PodSchedulingGate 38 map=name merge=name
  resourceClaims []PodResourceClaim 39 map=name merge=name retainKeys
  resources ResourceRequirements 40
  hostnameOverride string 41 *
  schedulingGroup PodSchedulingGroup 43
PodStatus
  observedGeneration int64 17
  phase string 1
  conditions []PodCondition 2 map=type merge=type
  message string 3
  reason string 4
  nominatedNodeName string 11
  hostIP string 5
  hostIPs []HostIP 16 merge=ip
  podIP string 6
  podIPs []PodIP 12 map=ip merge=ip
  startTime time 7
  initContainerStatuses []ContainerStatus 10
  containerStatuses []ContainerStatus 8
  qosClass string 9
  ephemeralContainerStatuses []ContainerStatus 13
  resize string 14
  resourceClaimStatuses []PodResourceClaimStatus 15 map=name merge=name retainKeys
  extendedResourceClaimStatus PodExtendedResourceClaimStatus 18
  allocatedResources {}quantity 19
  resources ResourceRequirements 20
  nodeAllocatableResourceClaimStatuses []NodeAllocatableResourceClaimStatus 21
ServiceSpec
  ports []ServicePort 1 map=port,protocol merge=port
  selector {}string 2 atomic
  clusterIP string 3
  clusterIPs []string 18
  type string 4
  externalIPs []string 5
  sessionAffinity string 7
  loadBalancerIP string 8
  loadBalancerSourceRanges []string 9
  externalName string 10
  externalTrafficPolicy string 11
  healthCheckNodePort int32 12
  publishNotReadyAddresses bool 13
  sessionAffinityConfig SessionAffinityConfig 14
  ipFamilies []string 19
  ipFamilyPolicy string 17
  allocateLoadBalancerNodePorts bool 20 *
  loadBalancerClass string 21 *
  internalTrafficPolicy string 22
  trafficDistribution string 23 *
ServiceStatus
  loadBalancer LoadBalancerStatus 1
  conditions []meta.v1.Condition 2 map=type merge=type
EndpointSubset
  addresses []EndpointAddress 1
  notReadyAddresses []EndpointAddress 2
  ports []EndpointPort 3
ObjectReference atomic
  kind string 1
  namespace string 2
  name string 3
  uid string 4
  apiVersion string 5
  resourceVersion string 6
  fieldPath string 7
LocalObjectReference atomic
  name string 1
EventSource
  component string 1
  host string 2
EventSeries
  count int32 1
  lastObservedTime microTime 2
PersistentVolumeSpec
  capacity {}quantity 1
  persistentVolumeSource PersistentVolumeSource 2 inline
  accessModes []string 3
  claimRef ObjectReference 4
  persistentVolumeReclaimPolicy string 5
  storageClassName string 6
  mountOptions []string 7
  volumeMode string 8
  nodeAffinity VolumeNodeAffinity 9
  volumeAttributesClassName string 10 *
PersistentVolumeStatus
  phase string 1
  message string 2
  reason string 3
  lastPhaseTransitionTime time 4
PersistentVolumeClaimSpec
  accessModes []string 1
  selector meta.v1.LabelSelector 4
  resources VolumeResourceRequirements 2
  volumeName string 3
  storageClassName string 5 *
  volumeMode string 6
  dataSource TypedLocalObjectReference 7
  dataSourceRef TypedObjectReference 8
  volumeAttributesClassName string 9 *
PersistentVolumeClaimStatus
  phase string 1
  accessModes []string 2
  capacity {}quantity 3
  conditions []PersistentVolumeClaimCondition 4 map=type merge=type
  allocatedResources {}quantity 5
  allocatedResourceStatuses {}string 7
  currentVolumeAttributesClassName string 8 *
  modifyVolumeStatus ModifyVolumeStatus 9
ReplicationControllerSpec
  replicas int32 1 *
  minReadySeconds int32 4
  selector {}string 2 atomic
  template PodTemplateSpec 3
ReplicationControllerStatus
  replicas int32 1 !
  fullyLabeledReplicas int32 2
  readyReplicas int32 4
  availableReplicas int32 5
  observedGeneration int64 3
  conditions []ReplicationControllerCondition 6 map=type merge=type
LimitRangeSpec
  limits []LimitRangeItem 1 !
ResourceQuotaSpec
  hard {}quantity 1
  scopes []string 2
  scopeSelector ScopeSelector 3
ResourceQuotaStatus
  hard {}quantity 1
  used {}quantity 2
PodTemplateSpec
  metadata meta.v1.ObjectMeta 1
  spec PodSpec 2
ComponentCondition
  type string 1 !
  status string 2 !
  message string 3
  error string 4
TopologySelectorTerm atomic
  matchLabelExpressions []TopologySelectorLabelRequirement 1
NamespaceCondition
  type string 1 !
  status string 2 !
  lastTransitionTime time 4
  reason string 5
  message string 6
Taint
  key string 1 !
  value string 2
  effect string 3 !
  timeAdded time 4
NodeConfigSource
  configMap ConfigMapNodeConfigSource 2
NodeCondition
  type string 1 !
  status string 2 !
  lastHeartbeatTime time 3
  lastTransitionTime time 4
  reason string 5
  message string 6
NodeAddress
  type string 1 !
  address string 2 !
NodeDaemonEndpoints
  kubeletEndpoint DaemonEndpoint 1
NodeSystemInfo
  machineID string 1 !
  systemUUID string 2 !
  bootID string 3 !
  kernelVersion string 4 !
  osImage string 5 !
  containerRuntimeVersion string 6 !
  kubeletVersion string 7 !
  kubeProxyVersion string 8 !
  operatingSystem string 9 !
  architecture string 10 !
  swap NodeSwapStatus 11
ContainerImage
  names []string 1
  sizeBytes int64 2
AttachedVolume
  name string 1 !
  devicePath string 2 !
NodeConfigStatus
  assigned NodeConfigSource 1
  active NodeConfigSource 2
  lastKnownGood NodeConfigSource 3
  error string 4
NodeRuntimeHandler
  name string 1
  features NodeRuntimeHandlerFeatures 2
NodeFeatures
  supplementalGroupsPolicy bool 1 *
Volume
  name string 1 !
  volumeSource VolumeSource 2 inline
Container
  name string 1 !
  image string 2
  command []string 3
  args []string 4
  workingDir string 5
  ports []ContainerPort 6 map=containerPort,protocol merge=containerPort
  envFrom []EnvFromSource 19
  env []EnvVar 7 map=name merge=name
  resources ResourceRequirements 8
  resizePolicy []ContainerResizePolicy 23
  restartPolicy string 24
  restartPolicyRules []ContainerRestartRule 25
  volumeMounts []VolumeMount 9 map=mountPath merge=mountPath
  volumeDevices []VolumeDevice 21 map=devicePath merge=devicePath
  livenessProbe Probe 10
  readinessProbe Probe 11
  startupProbe Probe 22
  lifecycle Lifecycle 12
  terminationMessagePath string 13
  terminationMessagePolicy string 20
  imagePullPolicy string 14
  securityContext SecurityContext 15
  stdin bool 16
  stdinOnce bool 17
  tty bool 18
EphemeralContainer
  ephemeralContainerCommon EphemeralContainerCommon 1 inline
  targetContainerName string 2
PodSecurityContext
  seLinuxOptions SELinuxOptions 1
  windowsOptions WindowsSecurityContextOptions 8
  runAsUser int64 2 *
  runAsGroup int64 6 *
  runAsNonRoot bool 3 *
  supplementalGroups []int64 4
  supplementalGroupsPolicy string 12
  fsGroup int64 5 *
  sysctls []Sysctl 7
  fsGroupChangePolicy string 9
  seccompProfile SeccompProfile 10
  appArmorProfile AppArmorProfile 11
  seLinuxChangePolicy string 13
Affinity
  nodeAffinity NodeAffinity 1
  podAffinity PodAffinity 2
  podAntiAffinity PodAntiAffinity 3
Toleration
  key string 1
  operator string 2
  value string 3
  effect string 4
  tolerationSeconds int64 5 *
HostAlias
  ip string 1 !
  hostnames []string 2
PodDNSConfig
  nameservers []string 1
  searches []string 2
  options []PodDNSConfigOption 3
PodReadinessGate
  conditionType string 1 !
TopologySpreadConstraint
  maxSkew int32 1 !
  topologyKey string 2 !
  whenUnsatisfiable string 3 !
  labelSelector meta.v1.LabelSelector 4
  minDomains int32 5 *
  nodeAffinityPolicy string 6
  nodeTaintsPolicy string 7
  matchLabelKeys []string 8
PodOS
  name string 1 !
PodSchedulingGate
  name string 1 !
PodResourceClaim
  name string 1 !
  resourceClaimName string 3 *
  resourceClaimTemplateName string 4 *
ResourceRequirements
  limits {}quantity 1
  requests {}quantity 2
  claims []ResourceClaim 3 map=name
PodSchedulingGroup
  podGroupName string 1 *
PodCondition
  type string 1 !
  observedGeneration int64 7
  status string 2 !
  lastProbeTime time 3
  lastTransitionTime time 4
  reason string 5
  message string 6
HostIP
  ip string 1 !
PodIP
  ip string 1 !
ContainerStatus
  name string 1 !
  state ContainerState 2
  lastState ContainerState 3
  ready bool 4 !
  restartCount int32 5 !
  image string 6 !
  imageID string 7 !
  containerID string 8
  started bool 9 *
  allocatedResources {}quantity 10
  resources ResourceRequirements 11
  volumeMounts []VolumeMountStatus 12 map=mountPath merge=mountPath
  user ContainerUser 13
  allocatedResourcesStatus []ResourceStatus 14 map=name merge=name
  stopSignal string 15
PodResourceClaimStatus
  name string 1 !
  resourceClaimName string 2 *
PodExtendedResourceClaimStatus
  requestMappings []ContainerExtendedResourceRequest 1 !
  resourceClaimName string 2 !
NodeAllocatableResourceClaimStatus
  resourceClaimName string 1 !
  containers []string 2 set
ServicePort
  name string 1
  protocol string 2
  appProtocol string 6 *
  port int32 3 !
  targetPort intOrString 4
  nodePort int32 5
SessionAffinityConfig
  clientIP ClientIPConfig 1
LoadBalancerStatus
  ingress []LoadBalancerIngress 1
EndpointAddress atomic
  ip string 1 !
  hostname string 3
  nodeName string 4 *
  targetRef ObjectReference 2
EndpointPort atomic
  name string 1
  port int32 2 !
  protocol string 3
  appProtocol string 4 *
PersistentVolumeSource
  gcePersistentDisk GCEPersistentDiskVolumeSource 1
  awsElasticBlockStore AWSElasticBlockStoreVolumeSource 2
  hostPath HostPathVolumeSource 3
  glusterfs GlusterfsPersistentVolumeSource 4
  nfs NFSVolumeSource 5
  rbd RBDPersistentVolumeSource 6
  iscsi ISCSIPersistentVolumeSource 7
  cinder CinderPersistentVolumeSource 8
  cephfs CephFSPersistentVolumeSource 9
  fc FCVolumeSource 10
  flocker FlockerVolumeSource 11
  flexVolume FlexPersistentVolumeSource 12
  azureFile AzureFilePersistentVolumeSource 13
  vsphereVolume VsphereVirtualDiskVolumeSource 14
  quobyte QuobyteVolumeSource 15
  azureDisk AzureDiskVolumeSource 16
  photonPersistentDisk PhotonPersistentDiskVolumeSource 17
  portworxVolume PortworxVolumeSource 18
  scaleIO ScaleIOPersistentVolumeSource 19
  local LocalVolumeSource 20
  storageos StorageOSPersistentVolumeSource 21
  csi CSIPersistentVolumeSource 22
VolumeNodeAffinity
  required NodeSelector 1
VolumeResourceRequirements
  limits {}quantity 1
  requests {}quantity 2
TypedLocalObjectReference atomic
  apiGroup string 1 *
  kind string 2 !
  name string 3 !
TypedObjectReference
  apiGroup string 1 *
  kind string 2 !
  name string 3 !
  namespace string 4 *
PersistentVolumeClaimCondition
  type string 1 !
  status string 2 !
  lastProbeTime time 3
  lastTransitionTime time 4
  reason string 5
  message string 6
ModifyVolumeStatus
  targetVolumeAttributesClassName string 1
  status string 2 !
ReplicationControllerCondition
  type string 1 !
  status string 2 !
  lastTransitionTime time 3
  reason string 4
  message string 5
LimitRangeItem
  type string 1 !
  max {}quantity 2
  min {}quantity 3
  default {}quantity 4
  defaultRequest {}quantity 5
  maxLimitRequestRatio {}quantity 6
ScopeSelector atomic
  matchExpressions []ScopedResourceSelectorRequirement 1
TopologySelectorLabelRequirement
  key string 1 !
  values []string 2 !
ConfigMapNodeConfigSource
  namespace string 1 !
  name string 2 !
  uid string 3
  resourceVersion string 4
  kubeletConfigKey string 5 !
DaemonEndpoint
  Port int32 1 !
NodeSwapStatus
  capacity int64 1 *
NodeRuntimeHandlerFeatures
  recursiveReadOnlyMounts bool 1 *
  userNamespaces bool 2 *
VolumeSource
  hostPath HostPathVolumeSource 1
  emptyDir EmptyDirVolumeSource 2
  gcePersistentDisk GCEPersistentDiskVolumeSource 3
  awsElasticBlockStore AWSElasticBlockStoreVolumeSource 4
  gitRepo GitRepoVolumeSource 5
  secret SecretVolumeSource 6
  nfs NFSVolumeSource 7
  iscsi ISCSIVolumeSource 8
  glusterfs GlusterfsVolumeSource 9
  persistentVolumeClaim PersistentVolumeClaimVolumeSource 10
  rbd RBDVolumeSource 11
  flexVolume FlexVolumeSource 12
  cinder CinderVolumeSource 13
  cephfs CephFSVolumeSource 14
  flocker FlockerVolumeSource 15
  downwardAPI DownwardAPIVolumeSource 16
  fc FCVolumeSource 17
  azureFile AzureFileVolumeSource 18
  configMap ConfigMapVolumeSource 19
  vsphereVolume VsphereVirtualDiskVolumeSource 20
  quobyte QuobyteVolumeSource 21
  azureDisk AzureDiskVolumeSource 22
  photonPersistentDisk PhotonPersistentDiskVolumeSource 23
  projected ProjectedVolumeSource 26
  portworxVolume PortworxVolumeSource 24
  scaleIO ScaleIOVolumeSource 25
  storageos StorageOSVolumeSource 27
  csi CSIVolumeSource 28
  ephemeral EphemeralVolumeSource 29
  image ImageVolumeSource 30
ContainerPort
  name string 1
  hostPort int32 2
  containerPort int32 3 !
  protocol string 4
  hostIP string 5
EnvFromSource
  prefix string 1
  configMapRef ConfigMapEnvSource 2
  secretRef SecretEnvSource 3
EnvVar
  name string 1 !
  value string 2
  valueFrom EnvVarSource 3
ContainerResizePolicy
  resourceName string 1 !
  restartPolicy string 2 !
ContainerRestartRule
  action string 1 !
  exitCodes ContainerRestartRuleOnExitCodes 2
VolumeMount
  name string 1 !
  readOnly bool 2
  recursiveReadOnly string 7
  mountPath string 3 !
  subPath string 4
  mountPropagation string 5
  subPathExpr string 6
VolumeDevice
  name string 1 !
  devicePath string 2 !
Probe
  handler ProbeHandler 1 inline
  initialDelaySeconds int32 2
  timeoutSeconds int32 3
  periodSeconds int32 4
  successThreshold int32 5
  failureThreshold int32 6
  terminationGracePeriodSeconds int64 7 *
Lifecycle
  postStart LifecycleHandler 1
  preStop LifecycleHandler 2
  stopSignal string 3
SecurityContext
  capabilities Capabilities 1
  privileged bool 2 *
  seLinuxOptions SELinuxOptions 3
  windowsOptions WindowsSecurityContextOptions 10
  runAsUser int64 4 *
  runAsGroup int64 8 *
  runAsNonRoot bool 5 *
  readOnlyRootFilesystem bool 6 *
  allowPrivilegeEscalation bool 7 *
  procMount string 9
  seccompProfile SeccompProfile 11
  appArmorProfile AppArmorProfile 12
EphemeralContainerCommon
  name string 1
  image string 2
  command []string 3
  args []string 4
  workingDir string 5
  ports []ContainerPort 6
  envFrom []EnvFromSource 19
  env []EnvVar 7
  resources ResourceRequirements 8
  resizePolicy []ContainerResizePolicy 23
  restartPolicy string 24
  restartPolicyRules []ContainerRestartRule 25
  volumeMounts []VolumeMount 9
  volumeDevices []VolumeDevice 21
  livenessProbe Probe 10
  readinessProbe Probe 11
  startupProbe Probe 22
  lifecycle Lifecycle 12
  terminationMessagePath string 13
  terminationMessagePolicy string 20
  imagePullPolicy string 14
  securityContext SecurityContext 15
  stdin bool 16
  stdinOnce bool 17
  tty bool 18
SELinuxOptions
  user string 1
  role string 2
  type string 3
  level string 4
WindowsSecurityContextOptions
  gmsaCredentialSpecName string 1 *
  gmsaCredentialSpec string 2 *
  runAsUserName string 3 *
  hostProcess bool 4 *
Sysctl
  name string 1 !
  value string 2 !
SeccompProfile
  type string 1 !
  localhostProfile string 2 *
AppArmorProfile
  type string 1 !
  localhostProfile string 2 *
NodeAffinity
  requiredDuringSchedulingIgnoredDuringExecution NodeSelector 1
  preferredDuringSchedulingIgnoredDuringExecution []PreferredSchedulingTerm 2
PodAffinity
  requiredDuringSchedulingIgnoredDuringExecution []PodAffinityTerm 1
  preferredDuringSchedulingIgnoredDuringExecution []WeightedPodAffinityTerm 2
PodAntiAffinity
  requiredDuringSchedulingIgnoredDuringExecution []PodAffinityTerm 1
  preferredDuringSchedulingIgnoredDuringExecution []WeightedPodAffinityTerm 2
PodDNSConfigOption
  name string 1
  value string 2 *
ResourceClaim
  name string 1 !
  request string 2
ContainerState
  waiting ContainerStateWaiting 1
  running ContainerStateRunning 2
  terminated ContainerStateTerminated 3
VolumeMountStatus
  name string 1 !
  mountPath string 2 !
  readOnly bool 3
  recursiveReadOnly string 4
  volumeStatus VolumeStatus 5
ContainerUser
  linux LinuxContainerUser 1
ResourceStatus
  name string 1 !
  resources []ResourceHealth 2 map=resourceID
ContainerExtendedResourceRequest
  containerName string 1 !
  resourceName string 2 !
  requestName string 3 !
ClientIPConfig
  timeoutSeconds int32 1 *
LoadBalancerIngress
  ip string 1
  hostname string 2
  ipMode string 3
  ports []PortStatus 4
GCEPersistentDiskVolumeSource
  pdName string 1 !
  fsType string 2
  partition int32 3
  readOnly bool 4
AWSElasticBlockStoreVolumeSource
  volumeID string 1 !
  fsType string 2
  partition int32 3
  readOnly bool 4
HostPathVolumeSource
  path string 1 !
  type string 2
GlusterfsPersistentVolumeSource
  endpoints string 1 !
  path string 2 !
  readOnly bool 3
  endpointsNamespace string 4 *
NFSVolumeSource
  server string 1 !
  path string 2 !
  readOnly bool 3
RBDPersistentVolumeSource
  monitors []string 1 !
  image string 2 !
  fsType string 3
  pool string 4
  user string 5
  keyring string 6
  secretRef SecretReference 7
  readOnly bool 8
ISCSIPersistentVolumeSource
  targetPortal string 1 !
  iqn string 2 !
  lun int32 3 !
  iscsiInterface string 4
  fsType string 5
  readOnly bool 6
  portals []string 7
  chapAuthDiscovery bool 8
  chapAuthSession bool 11
  secretRef SecretReference 10
  initiatorName string 12 *
CinderPersistentVolumeSource
  volumeID string 1 !
  fsType string 2
  readOnly bool 3
  secretRef SecretReference 4
CephFSPersistentVolumeSource
  monitors []string 1 !
  path string 2
  user string 3
  secretFile string 4
  secretRef SecretReference 5
  readOnly bool 6
FCVolumeSource
  targetWWNs []string 1
  lun int32 2 *
  fsType string 3
  readOnly bool 4
  wwids []string 5
FlockerVolumeSource
  datasetName string 1
  datasetUUID string 2
FlexPersistentVolumeSource
  driver string 1 !
  fsType string 2
  secretRef SecretReference 3
  readOnly bool 4
  options {}string 5
AzureFilePersistentVolumeSource
  secretName string 1 !
  shareName string 2 !
  readOnly bool 3
  secretNamespace string 4 *
VsphereVirtualDiskVolumeSource
  volumePath string 1 !
  fsType string 2
  storagePolicyName string 3
  storagePolicyID string 4
QuobyteVolumeSource
  registry string 1 !
  volume string 2 !
  readOnly bool 3
  user string 4
  group string 5
  tenant string 6
AzureDiskVolumeSource
  diskName string 1 !
  diskURI string 2 !
  cachingMode string 3
  fsType string 4 *
  readOnly bool 5 *
  kind string 6
PhotonPersistentDiskVolumeSource
  pdID string 1 !
  fsType string 2
PortworxVolumeSource
  volumeID string 1 !
  fsType string 2
  readOnly bool 3
ScaleIOPersistentVolumeSource
  gateway string 1 !
  system string 2 !
  secretRef SecretReference 3 !
  sslEnabled bool 4
  protectionDomain string 5
  storagePool string 6
  storageMode string 7
  volumeName string 8
  fsType string 9
  readOnly bool 10
LocalVolumeSource
  path string 1 !
  fsType string 2 *
StorageOSPersistentVolumeSource
  volumeName string 1
  volumeNamespace string 2
  fsType string 3
  readOnly bool 4
  secretRef ObjectReference 5
CSIPersistentVolumeSource
  driver string 1 !
  volumeHandle string 2 !
  readOnly bool 3
  fsType string 4
  volumeAttributes {}string 5
  controllerPublishSecretRef SecretReference 6
  nodeStageSecretRef SecretReference 7
  nodePublishSecretRef SecretReference 8
  controllerExpandSecretRef SecretReference 9
  nodeExpandSecretRef SecretReference 10
NodeSelector atomic
  nodeSelectorTerms []NodeSelectorTerm 1 !
ScopedResourceSelectorRequirement
  scopeName string 1 !
  operator string 2 !
  values []string 3
EmptyDirVolumeSource
  medium string 1
  sizeLimit quantity 2
GitRepoVolumeSource
  repository string 1 !
  revision string 2
  directory string 3
SecretVolumeSource
  secretName string 1
  items []KeyToPath 2
  defaultMode int32 3 *
  optional bool 4 *
ISCSIVolumeSource
  targetPortal string 1 !
  iqn string 2 !
  lun int32 3 !
  iscsiInterface string 4
  fsType string 5
  readOnly bool 6
  portals []string 7
  chapAuthDiscovery bool 8
  chapAuthSession bool 11
  secretRef LocalObjectReference 10
  initiatorName string 12 *
GlusterfsVolumeSource
  endpoints string 1 !
  path string 2 !
  readOnly bool 3
PersistentVolumeClaimVolumeSource
  claimName string 1 !
  readOnly bool 2
RBDVolumeSource
  monitors []string 1 !
  image string 2 !
  fsType string 3
  pool string 4
  user string 5
  keyring string 6
  secretRef LocalObjectReference 7
  readOnly bool 8
FlexVolumeSource
  driver string 1 !
  fsType string 2
  secretRef LocalObjectReference 3
  readOnly bool 4
  options {}string 5
CinderVolumeSource
  volumeID string 1 !
  fsType string 2
  readOnly bool 3
  secretRef LocalObjectReference 4
CephFSVolumeSource
  monitors []string 1 !
  path string 2
  user string 3
  secretFile string 4
  secretRef LocalObjectReference 5
  readOnly bool 6
DownwardAPIVolumeSource
  items []DownwardAPIVolumeFile 1
  defaultMode int32 2 *
AzureFileVolumeSource
  secretName string 1 !
  shareName string 2 !
  readOnly bool 3
ConfigMapVolumeSource
  localObjectReference LocalObjectReference 1 inline
  items []KeyToPath 2
  defaultMode int32 3 *
  optional bool 4 *
ProjectedVolumeSource
  sources []VolumeProjection 1
  defaultMode int32 2 *
ScaleIOVolumeSource
  gateway string 1 !
  system string 2 !
  secretRef LocalObjectReference 3 !
  sslEnabled bool 4
  protectionDomain string 5
  storagePool string 6
  storageMode string 7
  volumeName string 8
  fsType string 9
  readOnly bool 10
StorageOSVolumeSource
  volumeName string 1
  volumeNamespace string 2
  fsType string 3
  readOnly bool 4
  secretRef LocalObjectReference 5
CSIVolumeSource
  driver string 1 !
  readOnly bool 2 *
  fsType string 3 *
  volumeAttributes {}string 4
  nodePublishSecretRef LocalObjectReference 5
EphemeralVolumeSource
  volumeClaimTemplate PersistentVolumeClaimTemplate 1
ImageVolumeSource
  reference string 1
  pullPolicy string 2
ConfigMapEnvSource
  localObjectReference LocalObjectReference 1 inline
  optional bool 2 *
SecretEnvSource
  localObjectReference LocalObjectReference 1 inline
  optional bool 2 *
EnvVarSource
  fieldRef ObjectFieldSelector 1
  resourceFieldRef ResourceFieldSelector 2
  configMapKeyRef ConfigMapKeySelector 3
  secretKeyRef SecretKeySelector 4
  fileKeyRef FileKeySelector 5
ContainerRestartRuleOnExitCodes
  operator string 1 !
  values []int32 2 set
ProbeHandler
  exec ExecAction 1
  httpGet HTTPGetAction 2
  tcpSocket TCPSocketAction 3
  grpc GRPCAction 4
LifecycleHandler
  exec ExecAction 1
  httpGet HTTPGetAction 2
  tcpSocket TCPSocketAction 3
  sleep SleepAction 4
Capabilities
  add []string 1
  drop []string 2
PreferredSchedulingTerm
  weight int32 1 !
  preference NodeSelectorTerm 2 !
PodAffinityTerm
  labelSelector meta.v1.LabelSelector 1
  namespaces []string 2
  topologyKey string 3 !
  namespaceSelector meta.v1.LabelSelector 4
  matchLabelKeys []string 5
  mismatchLabelKeys []string 6
WeightedPodAffinityTerm
  weight int32 1 !
  podAffinityTerm PodAffinityTerm 2 !
ContainerStateWaiting
  reason string 1
  message string 2
ContainerStateRunning
  startedAt time 1
ContainerStateTerminated
  exitCode int32 1 !
  signal int32 2
  reason string 3
  message string 4
  startedAt time 5
  finishedAt time 6
  containerID string 7
VolumeStatus
  image ImageVolumeStatus 1
LinuxContainerUser
  uid int64 1 !
  gid int64 2 !
  supplementalGroups []int64 3
ResourceHealth
  resourceID string 1 !
  health string 2
  message string 6 *
PortStatus
  port int32 1 !
  protocol string 2 !
  error string 3 *
SecretReference atomic
  name string 1
  namespace string 2
NodeSelectorTerm atomic
  matchExpressions []NodeSelectorRequirement 1
  matchFields []NodeSelectorRequirement 2
KeyToPath
  key string 1 !
  path string 2 !
  mode int32 3 *
DownwardAPIVolumeFile
  path string 1 !
  fieldRef ObjectFieldSelector 2
  resourceFieldRef ResourceFieldSelector 3
  mode int32 4 *
VolumeProjection
  secret SecretProjection 1
  downwardAPI DownwardAPIProjection 2
  configMap ConfigMapProjection 3
  serviceAccountToken ServiceAccountTokenProjection 4
  clusterTrustBundle ClusterTrustBundleProjection 5
  podCertificate PodCertificateProjection 6
PersistentVolumeClaimTemplate
  metadata meta.v1.ObjectMeta 1
  spec PersistentVolumeClaimSpec 2 !
ObjectFieldSelector atomic
  apiVersion string 1
  fieldPath string 2 !
ResourceFieldSelector atomic
  containerName string 1
  resource string 2 !
  divisor quantity 3
ConfigMapKeySelector atomic
  localObjectReference LocalObjectReference 1 inline
  key string 2 !
  optional bool 3 *
SecretKeySelector atomic
  localObjectReference LocalObjectReference 1 inline
  key string 2 !
  optional bool 3 *
FileKeySelector atomic
  volumeName string 1 !
  path string 2 !
  key string 3 !
  optional bool 4 *
ExecAction
  command []string 1
HTTPGetAction
  path string 1
  port intOrString 2 !
  host string 3
  scheme string 4
  httpHeaders []HTTPHeader 5
TCPSocketAction
  port intOrString 1 !
  host string 2
GRPCAction
  port int32 1 !
  service string 2 *
SleepAction
  seconds int64 1 !
ImageVolumeStatus
  imageRef string 1 !
NodeSelectorRequirement
  key string 1 !
  operator string 2 !
  values []string 3
SecretProjection
  localObjectReference LocalObjectReference 1 inline
  items []KeyToPath 2
  optional bool 4 *
DownwardAPIProjection
  items []DownwardAPIVolumeFile 1
ConfigMapProjection
  localObjectReference LocalObjectReference 1 inline
  items []KeyToPath 2
  optional bool 4 *
ServiceAccountTokenProjection
  audience string 1
  expirationSeconds int64 2 *
  path string 3 !
ClusterTrustBundleProjection
  name string 1 *
  signerName string 2 *
  labelSelector meta.v1.LabelSelector 3
  optional bool 5 *
  path string 4 !
PodCertificateProjection
  signerName string 1 !
  keyType string 2 !
  maxExpirationSeconds int32 3 *
  credentialBundlePath string 4
  keyPath string 5
  certificateChainPath string 6
  userAnnotations {}string 7
HTTPHeader
  name string 1 !
  value string 2 !
`;
