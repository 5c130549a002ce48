/** What fields of one name say wherever they stand; a type that means something else says so. */
export default `
any.Field: Fields that mean the same in every type.
  accessModes: From how many nodes at once, and how, it may be mounted: ReadWriteOnce, ReadOnlyMany,
    ReadWriteMany, ReadWriteOncePod.
  action: What is done, or was done.
  active: What runs now.
  addresses: The addresses it is reached at.
  allocatable: How much of it pods may use.
  allocatedResources: What is set aside for it on its node.
  apiGroup: The group of the API that the object's kind is of; empty for the core.
  apiGroups: The groups of the API that are meant.
  apiVersion: Group and version of the API that the object is of.
  appProtocol: What is spoken on the port, such as http or kubernetes.io/h2c; for those who care.
  args: Arguments for the command, in place of the image's own.
  attacher: The CSI driver that is to attach the volume.
  audience: Whom the token is for.
  audiences: Whom the token is for; it is good for one of them.
  availableReplicas: Pods that have been ready for at least minReadySeconds.
  averageUtilization: The mean over the pods, in percent of what they request.
  averageValue: The mean over the pods.
  bootID: Tells one start of the machine from the next.
  capacity: How much there is.
  cidr: A range of addresses, such as 10.0.0.0/16 or fd00::/64.
  claimName: The claim, in the pod's namespace.
  claimRef: The claim that has the volume.
  collisionCount: How often a name made of a hash was taken already, and another hash was made.
  command: What is executed; no shell is between unless it is named.
  completionTime: When it was done with success.
  conditions: What holds of it and what does not, one entry a type.
  container: The container of the pod that is meant.
  containerID: Which container of the runtime it is: the runtime's name, and its id.
  containerName: The container of the pod that is meant.
  count: How many there are, or how often it was.
  current: What was measured last.
  currentMetrics: What was measured last, a line a metric.
  currentReplicas: How many pods there are now.
  data: What it holds.
  datasetName: The dataset's name.
  datasetUUID: The dataset's unique id.
  defaultMode: Permission bits of its files, unless one has its own; 0644 unless set.
  describedObject: The object that the metric is about.
  desiredReplicas: How many pods there should be by the last calculation.
  devicePath: Where the device is found.
  divisor: In which unit the amount is told; 1 unless set.
  driver: The driver that knows how to mount it.
  effect: What happens to pods that do not bear it: NoSchedule, PreferNoSchedule or NoExecute.
  egress: What the selected pods may call.
  endPort: With a port given as a number, the last of a range that begins there.
  env: Environment variables.
  envFrom: Environment variables made of all keys of a ConfigMap or Secret.
  error: What went wrong, in words.
  evaluationError: What went wrong while it was looked into; the answer holds nonetheless.
  eventTime: When it happened, to the microsecond.
  exec: A command in the container.
  expirationSeconds: How long it is asked to be good; the server may make it shorter.
  extra: What else who authenticated the user said of him.
  failed: What has failed.
  fieldPath: Which part of the object is meant, such as spec.containers{web}.
  fieldRef: A field of the pod.
  fieldSelector: Only objects with these fields are meant.
  finishedAt: When it ended.
  from: Who may call; everybody when there is no entry.
  fsType: The file system that the volume is formatted with, such as ext4.
  fullyLabeledReplicas: Pods that have every label of the template.
  gateway: The address of the storage system's gateway.
  gid: The number of its group.
  group: The group that is meant.
  groups: The groups the user is in.
  grpc: A call of the gRPC health service.
  handler: How it is looked at.
  health: Healthy, Unhealthy or Unknown.
  host: The name or address that is called.
  hostIPs: The addresses of the pod's node.
  hostname: The name it is reached by.
  hostnames: Names for the address.
  hosts: Names of hosts.
  http: By path, where requests go.
  httpGet: A request by HTTP.
  httpHeaders: Headers of the request; one may stand twice.
  image: The image by its name, with a tag or digest.
  imageID: The image by the digest that it was found to have.
  imagePullPolicy: When the image is fetched: Always, IfNotPresent or Never.
  imageRef: The image by its digest.
  incomplete: There may be more rules than are listed here.
  ingress: What is let in; of a load balancer, where it is reached.
  initiatorName: The name that the node goes by towards the target.
  ip: An address of IPv4 or IPv6.
  ipMode: What happens to the address on the way: VIP or Proxy.
  iqn: The target's iSCSI Qualified Name.
  items: The entries.
  key: The key that is meant.
  keyring: Where the file with the key of the user lies.
  kind: What kind of object is meant.
  labelSelector: By their labels, the objects that are meant.
  labels: Text by which objects are selected.
  lastHeartbeatTime: When it was last looked at.
  lastObservedTime: When it happened last.
  lastPhaseTransitionTime: When the phase last changed.
  lastProbeTime: When it was last looked at.
  lastScaleTime: When the number of pods was last changed.
  lastScheduleTime: When a job was last made.
  lastSuccessfulTime: When a job last ended well.
  lastTransitionTime: When the status last changed.
  lastUpdateTime: When the condition was last written.
  lifecycle: What is done after a start and before an end.
  limits: The most it may use, by resource.
  livenessProbe: Looks whether the container has to be started again.
  loadBalancer: Where the load balancer is reached.
  localhostProfile: A profile's file on the node; for the type Localhost.
  lun: The number of the target's logical unit.
  lastState: How the container's last run before this one ended.
  matchExpressions: Requirements that all have to be met.
  matchFields: Requirements about fields of the node, which all have to be met.
  matchLabelExpressions: Requirements about labels, which all have to be met.
  matchLabelKeys: Labels of the coming pod whose values the counted pods have to share.
  mismatchLabelKeys: Labels of the coming pod whose values the counted pods must not share.
  max: The most that is allowed, by resource.
  maxReplicas: The most pods there may be.
  maxSurge: How many more than wanted there may be during an update, as number or percentage.
  maxUnavailable: How many may be out of service during an update, as number or percentage.
  message: What happened, in words for people.
  metric: Which metric it is.
  min: The least that is allowed, by resource.
  minReadySeconds: How long a new pod has to be ready before it counts as available.
  minReplicas: The fewest pods there may be; 1 unless set.
  mode: Permission bits of this file.
  monitors: The addresses of the storage cluster's monitors.
  mountOptions: Options for mounting it, which nobody checks before.
  mountPath: Where it is in the container.
  name: The name it is known by.
  names: All names it is known by.
  namespace: The namespace it is in.
  namespaceSelector: By their labels, the namespaces that are meant; all when it is empty.
  namespaces: The namespaces that are meant.
  nodeAffinity: On which nodes it may be, or had better be.
  nodeName: The node it is on.
  nodeSelector: Labels that a node has to have.
  nodeSelectorTerms: A node has to meet one of them.
  nonResourceAttributes: What is asked about a path that is no object.
  nonResourceRules: What may be done with paths that are no objects.
  nonResourceURLs: Paths that are meant; an asterisk at the end stands for any rest.
  object: A metric of another object.
  observedGeneration: Which generation of the spec this status was made from.
  operator: How key and values are compared.
  optional: It need not be there.
  options: More settings, as the driver or resolver knows them.
  parameters: More settings, which only who reads them understands.
  partition: The number of the partition to mount.
  path: The path that is meant.
  pathType: How the path is compared: Exact, Prefix or ImplementationSpecific.
  paths: By path, where requests go; the longest that fits wins.
  phase: In one word, how far it is.
  podAffinityTerm: Which pods, and how near is near.
  podFixed: What a pod takes on top of its containers, by resource.
  podSelector: By their labels, the pods that are meant; all when it is empty.
  pool: The pool that the image is in.
  port: A port, by its number or where allowed by its name.
  portals: More addresses of the target, with or without a port.
  ports: The ports that are meant.
  preference: What a node had better meet.
  preferredDuringSchedulingIgnoredDuringExecution: Places that are liked; the sum of their weights
    decides among nodes.
  protectionDomain: The storage system's protection domain.
  protocol: TCP, UDP or SCTP; TCP unless set.
  qosClass: Guaranteed, Burstable or BestEffort, by what the containers request.
  readOnly: It cannot be written to.
  readinessProbe: Looks whether services may send the container requests.
  ready: Whether it can serve, or how many can.
  readyReplicas: Pods that are ready.
  reason: Why, in one word for programs.
  recursiveReadOnly: What is mounted below cannot be written to either.
  registry: The addresses of the storage system's registry.
  replicas: How many pods there are, or shall be.
  reportingController: Who tells it.
  reportingInstance: Which instance of it.
  repository: Where it is fetched from.
  requestName: What the request is called.
  requests: What is set aside for it, by resource.
  required: Requirements that have to be met.
  requiredDuringSchedulingIgnoredDuringExecution: Requirements without which a pod is not placed;
    afterwards they are not looked at again.
  requirements: Requirements that all have to be met.
  resizePolicy: By resource, whether the container has to start again when it is given more or less.
  resource: The resource that is meant.
  resourceAttributes: What is asked about objects.
  resourceClaimName: The ResourceClaim, in the pod's namespace.
  resourceFieldRef: What a container requests or may use at most.
  resourceID: Which of the resource's devices it is.
  resourceName: The resource that is meant.
  resourceNames: Only objects of these names; all when it is empty.
  resourceRules: What may be done with objects.
  resourceVersion: The version of the object that is meant.
  resources: What it requests and may use at most; of rules, the resources that are meant.
  restartCount: How often it was started again.
  restartPolicy: Whether it is started again when it has ended.
  restartPolicyRules: By exit code, whether it is started again; the first that fits decides.
  revision: Which version it is.
  rollingUpdate: How fast pods are replaced; for the type RollingUpdate.
  rules: The first that fits decides.
  runAsUserName: The user of Windows that the program runs as.
  scaleTargetRef: What is made larger and smaller; it has to have a scale subresource.
  secretName: The Secret, in the same namespace unless another is named.
  secretNamespace: The Secret's namespace; the claim's unless set.
  secretRef: The Secret with the credentials.
  securityContext: Users, capabilities and kernel settings.
  selector: By their labels, the objects that are meant.
  server: The server's name or address.
  service: The Service that is meant.
  shareName: The share's name.
  signal: The signal that ended it.
  signerName: Who is to sign, or has signed.
  sizeBytes: How large it is.
  sslEnabled: The gateway is spoken to by TLS.
  startTime: When it began.
  startedAt: When it started.
  startupProbe: Until it succeeds once, the other probes do not begin.
  status: True, False or Unknown; of an object, what was seen of it.
  stdin: The container's input stays open.
  stdinOnce: The input ends with the first client that leaves.
  stopSignal: The signal that asks the container to end; the image's own unless set.
  storageMode: ThickProvisioned or ThinProvisioned.
  storagePolicyID: The id of the storage policy's profile.
  storagePolicyName: The name of the storage policy's profile.
  storagePool: The pool of the protection domain.
  subresource: Which part of the object is meant, such as status.
  succeeded: What has ended well.
  supplementalGroups: More groups that it is in.
  system: The storage system's name.
  target: Which value is aimed at.
  targetPortal: The target's address, with a port unless it is 3260.
  targetRef: The object that this stands for.
  tcpSocket: A connection that is opened.
  template: What pods are made of.
  tenant: The tenant that the volume belongs to.
  terminating: It is on its way out, or how many are.
  terminatingReplicas: Pods that are on their way out.
  terminationMessagePath: The file whose text is told when the container has ended.
  terminationMessagePolicy: Where that text comes from: File, or FallbackToLogsOnError.
  time: When it was.
  timeoutSeconds: After how long it is given up.
  tolerations: Which taints of nodes are borne.
  topologyKey: A label of nodes: those with the same value are one place.
  tty: The container has a terminal.
  type: Which of its types it is.
  uid: Tells it from others of the same name, before and after it.
  unavailableReplicas: Pods that are still missing.
  updatedReplicas: Pods made of the newest template.
  user: The user that is meant.
  userInfo: Who the user is.
  username: The name that tells one user from another.
  value: The value that is meant.
  values: The values that are compared with.
  verb: What is asked for: get, list, watch, create, update, patch, delete and the like.
  verbs: What may be done; an asterisk stands for everything.
  version: The version of the API.
  volume: The volume's name or id.
  volumeAttributes: What else the driver was told of the volume.
  volumeDevices: Volumes that the container has as block devices.
  volumeID: Which volume it is, as its storage system knows it.
  volumeMode: Filesystem, or Block for a bare device.
  volumeMounts: Volumes that the container has, and where.
  volumeName: The name of the volume.
  volumeNamespace: The storage system's namespace that the volume is in.
  weight: How much it counts, from 1 to 100.
  whenDeleted: What happens to claims when the set is deleted: Retain or Delete.
  whenScaled: What happens to claims when the set becomes smaller: Retain or Delete.
  workingDir: Where the command runs; the image's own unless set.
`;
