export default `
core.v1.Pod: Containers that run together on one node, with one network address and shared volumes.
  metadata: Name, namespace, labels and what else every object has.
  spec: What shall run, and how.
  status: What was seen of it, mostly by its node's kubelet.
core.v1.PodSpec: What shall run in a pod, where, and how.
  containers: The containers, at least one. Fixed once the pod exists, but for their images.
  initContainers: Containers that run to their end one after the other before the others start.
  ephemeralContainers: Containers added to a running pod, for looking into it.
  volumes: What containers can mount.
  restartPolicy: Whether containers that end are started again: Always, OnFailure or Never.
  terminationGracePeriodSeconds: How long containers have to end after they were asked to; then
    they are killed.
  activeDeadlineSeconds: How long the pod may take in all before it is ended as failed.
  dnsPolicy: Where containers look names up: ClusterFirst, ClusterFirstWithHostNet, Default or None.
  dnsConfig: Name servers, search domains and options besides those of the policy.
  nodeSelector: Labels that the pod's node has to have.
  nodeName: The node that the pod is on. Set by the scheduler; who sets it himself goes past the
    scheduler.
  serviceAccountName: The service account that the pod speaks to the API as.
  serviceAccount: The old name of serviceAccountName.
  automountServiceAccountToken: Whether the account's token is mounted into the containers.
  hostNetwork: The containers use the node's own network.
  hostPID: The containers see the node's processes.
  hostIPC: The containers share memory and semaphores with the node.
  hostUsers: False gives the pod users of its own, so that root in it is nobody on the node.
  shareProcessNamespace: The containers see each other's processes.
  securityContext: Users, groups and kernel settings for all of the pod's containers.
  imagePullSecrets: Secrets with the credentials for the images' registries.
  hostname: The name of the machine that the containers think they are on; the pod's name unless
    set.
  subdomain: With a service of this name, the pod is known as hostname.subdomain.namespace.
  setHostnameAsFQDN: The host name is the long one, with the domain.
  affinity: On which nodes, and near or far from which pods, the pod belongs.
  schedulerName: Which scheduler finds a node for it.
  schedulingGates: While there are any, no scheduler looks at the pod.
  tolerations: Which taints of nodes the pod bears.
  hostAliases: Lines for the containers' /etc/hosts.
  priorityClassName: The class that the pod's priority comes from.
  priority: Higher goes first, and may push out lower. Set from the class.
  preemptionPolicy: Whether it may push others out: PreemptLowerPriority or Never.
  readinessGates: Conditions that have to be true besides the containers' readiness.
  runtimeClassName: Which of the node's container runtimes runs the pod.
  enableServiceLinks: Whether the namespace's services are in the environment of the containers.
  overhead: What the pod needs besides its containers; from its runtime class.
  topologySpreadConstraints: How pods like this one are spread over zones, nodes and the like.
  resources: Limits and requests of the pod as a whole.
  os: The operating system that the containers are made for.
  resourceClaims: Devices that the pod's containers may refer to.
core.v1.Container: One program with its image, and how it is run.
  name: How the container is called within its pod.
  image: The image to run, such as docker.io/library/nginx:1.27.
  command: Replaces the image's entry point. $(NAME) stands for a variable of the environment.
  args: Replaces the image's arguments.
  workingDir: Where the program starts; the image's own folder unless set.
  ports: Ports that the program listens on. For information, but for those with a hostPort.
  envFrom: ConfigMaps and Secrets all of whose keys become variables.
  env: Variables of the environment.
  resources: How much of processors, memory and more it is given, and may take.
  resizePolicy: For each resource, whether changing it restarts the container.
  restartPolicy: In an init container, Always lets it run on beside the others.
  volumeMounts: Where the pod's volumes appear in the container's files.
  volumeDevices: Raw block devices for the container.
  livenessProbe: While it fails, the container is restarted.
  readinessProbe: While it fails, services send nothing to the pod.
  startupProbe: Until it succeeds, the other probes wait.
  lifecycle: What is done after the start, and before the end.
  terminationMessagePath: The file whose text tells why the container ended.
  terminationMessagePolicy: File, or FallbackToLogsOnError to take the end of the log where the
    file is empty.
  imagePullPolicy: Always, IfNotPresent or Never. Always for the tag latest unless set, else
    IfNotPresent.
  securityContext: User, capabilities and more for this container; goes before the pod's.
  stdin: Keeps the program's input open, so that clients can attach to it.
  stdinOnce: Closes the input when the first client leaves.
  tty: Gives the program a terminal.
core.v1.ContainerPort: A port that a container listens on.
  name: A name that services and probes can use in place of the number.
  containerPort: The number, from 1 to 65535.
  hostPort: The same container is reached at this port of its node.
  hostIP: At which of the node's addresses.
  protocol: TCP, UDP or SCTP.
core.v1.EnvVar: A variable of the environment.
  name: The variable's name.
  value: Its value; $(NAME) stands for a variable before it.
  valueFrom: Where the value comes from instead.
core.v1.EnvVarSource: Where a variable's value comes from: one of these.
  fieldRef: A field of the pod itself, such as status.podIP.
  resourceFieldRef: A limit or request of a container.
  configMapKeyRef: A key of a ConfigMap.
  secretKeyRef: A key of a Secret.
core.v1.EnvFromSource: A ConfigMap or Secret whose keys become variables.
  prefix: Stands before each name.
  configMapRef: The ConfigMap.
  secretRef: The Secret.
core.v1.ResourceRequirements: How much a container is given, and how much it may take.
  limits: The most that it may take: more processor time is withheld, more memory ends it.
  requests: What the scheduler reserves for it; the limits unless set.
  claims: Devices of the pod that this container uses.
core.v1.VolumeMount: A volume of the pod within a container's files.
  name: Which of the pod's volumes.
  mountPath: The folder that it appears at.
  readOnly: The container cannot write to it.
  subPath: A file or folder within the volume, in place of the whole.
  subPathExpr: The same with $(NAME) for variables.
  mountPropagation: Whether mounts made on either side are seen on the other.
  recursiveReadOnly: Whether what is mounted below is read-only, too.
core.v1.Volume: Files for a pod's containers, from one of these sources.
  name: How containers refer to it.
  emptyDir: An empty folder that goes with the pod.
  hostPath: A file or folder of the node.
  configMap: The keys of a ConfigMap as files.
  secret: The keys of a Secret as files.
  persistentVolumeClaim: What a claim of the namespace is bound to.
  projected: Several sources in one folder.
  downwardAPI: Fields of the pod as files.
  csi: A volume of a storage driver that goes with the pod.
  nfs: A folder of an NFS server.
  ephemeral: A claim that is made and deleted with the pod.
  image: The files of an image.
core.v1.Probe: How a container is asked whether it is well: by one handler, again and again.
  exec: Runs a command in the container; well if it ends with 0.
  httpGet: Gets a page; well if the answer is from 200 to 399.
  tcpSocket: Opens a connection; well if that succeeds.
  grpc: Asks the gRPC health service.
  initialDelaySeconds: How long after the container's start the first time is.
  periodSeconds: How often. 10 unless set.
  timeoutSeconds: How long an answer may take. 1 unless set.
  successThreshold: How often in turn it has to succeed to count as well again.
  failureThreshold: How often in turn it has to fail to count as not well. 3 unless set.
  terminationGracePeriodSeconds: Goes before the pod's own where this probe ends the container.
core.v1.HTTPGetAction: A page to get.
  path: The page's path.
  port: The port's number or name.
  host: Whom to ask; the pod's own address unless set.
  scheme: HTTP or HTTPS.
  httpHeaders: Headers to send along.
core.v1.Toleration: A taint that a pod bears.
  key: The taint's key; empty for all.
  operator: Equal compares the value, Exists does not.
  value: The taint's value, for Equal.
  effect: NoSchedule, PreferNoSchedule or NoExecute; empty for all.
  tolerationSeconds: How long the pod stays on a node whose taint came later.
core.v1.Affinity: Where a pod belongs.
  nodeAffinity: On which nodes, by their labels.
  podAffinity: Near which pods.
  podAntiAffinity: Away from which pods.
core.v1.SecurityContext: What a container's processes are and may.
  runAsUser: The user's number.
  runAsGroup: The group's number.
  runAsNonRoot: Refuses to start as root.
  privileged: Gives the container nearly all that the node's root has.
  allowPrivilegeEscalation: Whether a program may gain more than who started it, as setuid ones do.
  readOnlyRootFilesystem: The container cannot write to its image's files.
  capabilities: Capabilities to add to, and drop from, the runtime's own.
  seccompProfile: Which system calls are let through.
  appArmorProfile: The AppArmor profile to run under.
  seLinuxOptions: The SELinux label to run with.
  procMount: Which parts of /proc are hidden.
core.v1.PodSecurityContext: What holds for all of a pod's containers.
  runAsUser: The user's number.
  runAsGroup: The group's number.
  runAsNonRoot: Refuses to start as root.
  fsGroup: A group that owns the volumes and is added to all processes.
  fsGroupChangePolicy: Whether owners are changed always, or only where the top folder's is wrong.
  supplementalGroups: More groups for all processes.
  sysctls: Kernel settings of the pod's own namespaces.
  seccompProfile: Which system calls are let through.
core.v1.PodStatus: What was seen of a pod.
  phase: Pending, Running, Succeeded, Failed or Unknown: the short of it.
  conditions: Scheduled, initialized, ready and the like, each with its reason.
  message: Why it is in this phase, for people.
  reason: Why it is in this phase, in one word.
  hostIP: The node's address.
  hostIPs: The node's addresses, one a family.
  podIP: The pod's address.
  podIPs: The pod's addresses, one a family.
  startTime: When the kubelet took it.
  containerStatuses: How each container is.
  initContainerStatuses: How each init container is.
  ephemeralContainerStatuses: How each ephemeral container is.
  qosClass: Guaranteed, Burstable or BestEffort: who is ended first when a node runs short.
  nominatedNodeName: Where room is being made for it.
  observedGeneration: Which generation of the pod this is of.
`;
