/** Volumes, their sources and the storage behind them. */
export default `
core.v1.Volume: Files that containers of a pod can mount.
  name: What containers mount it by.
core.v1.VolumeSource: Where a volume comes from; one of these.
  hostPath: A file or folder of the node itself.
  emptyDir: A folder that begins empty and ends with the pod.
  gcePersistentDisk: A disk of Google's cloud; kept for old manifests.
  awsElasticBlockStore: A disk of Amazon's cloud; kept for old manifests.
  gitRepo: A clone of a repository; kept for old manifests, use an init container.
  secret: A file for each key of a Secret.
  nfs: A folder that a server shares by NFS.
  iscsi: A disk reached by iSCSI.
  glusterfs: A volume of Gluster; kept for old manifests.
  persistentVolumeClaim: What a claim of the pod's namespace got.
  rbd: An image of Ceph's block device; kept for old manifests.
  flexVolume: A volume of a FlexVolume driver; kept for old manifests.
  cinder: A volume of OpenStack; kept for old manifests.
  cephfs: A folder of CephFS; kept for old manifests.
  flocker: A dataset of Flocker; kept for old manifests.
  downwardAPI: Files with what is known of the pod.
  fc: A disk reached by Fibre Channel.
  azureFile: A share of Azure; kept for old manifests.
  configMap: A file for each key of a ConfigMap.
  vsphereVolume: A disk of vSphere; kept for old manifests.
  quobyte: A volume of Quobyte; kept for old manifests.
  azureDisk: A disk of Azure; kept for old manifests.
  photonPersistentDisk: A disk of Photon; kept for old manifests.
  projected: Several of secret, configMap, downwardAPI and tokens in one folder.
  portworxVolume: A volume of Portworx; kept for old manifests.
  scaleIO: A volume of ScaleIO; kept for old manifests.
  storageos: A volume of StorageOS; kept for old manifests.
  csi: A volume that a CSI driver makes for this pod alone.
  ephemeral: A claim that is made for this pod and ends with it.
  image: The files of an image, not to be written to.
core.v1.HostPathVolumeSource: A file or folder of the node.
  path: Where it is on the node; links are followed.
  type: What has to be there, or is made: Directory, DirectoryOrCreate, File, FileOrCreate, Socket,
    CharDevice, BlockDevice; empty for no check.
core.v1.EmptyDirVolumeSource: A folder that ends with its pod.
  medium: Empty for the node's disk, Memory for a tmpfs.
  sizeLimit: The most it may hold; a pod that goes beyond is evicted.
core.v1.GitRepoVolumeSource: A clone of a repository.
  repository: The repository's URL.
  revision: The commit to check out.
  directory: The folder of the clone within the volume.
core.v1.KeyToPath: One key as a file.
  key: The key whose value the file has.
  path: The file within the volume; not absolute, and without "..".
core.v1.SecretVolumeSource: A Secret's keys as files.
  items: Only these keys; all of them when there is none.
  optional: The Secret and its keys need not be there.
core.v1.ConfigMapVolumeSource: A ConfigMap's keys as files.
  items: Only these keys; all of them when there is none.
  optional: The ConfigMap and its keys need not be there.
core.v1.SecretProjection: A Secret's keys in a projected volume.
  items: Only these keys; all of them when there is none.
core.v1.ConfigMapProjection: A ConfigMap's keys in a projected volume.
  items: Only these keys; all of them when there is none.
core.v1.DownwardAPIProjection: What is known of the pod, in a projected volume.
  items: The files.
core.v1.DownwardAPIVolumeSource: What is known of the pod, as files.
  items: The files.
core.v1.DownwardAPIVolumeFile: One file with something about the pod.
  path: The file within the volume; not absolute, and without "..".
core.v1.ServiceAccountTokenProjection: A token of the pod's service account.
  audience: Whom it is for; the API server unless set.
  expirationSeconds: How long one is good; it is renewed in time. At least 600.
  path: The file within the volume.
core.v1.ClusterTrustBundleProjection: Certificates of authorities that the cluster trusts.
  path: The file within the volume.
  name: One bundle by its name.
  signerName: All bundles of this signer that the labels select.
  labelSelector: Which of the signer's bundles; none when it is left out.
core.v1.PodCertificateProjection: A key and a certificate made for the pod.
  keyType: What key: RSA3072, RSA4096, ECDSAP256, ECDSAP384, ECDSAP521 or ED25519.
  maxExpirationSeconds: How long the certificate may be good at most.
  credentialBundlePath: The file with key and certificates in one.
  keyPath: The file with the key.
  certificateChainPath: The file with the certificates.
  userAnnotations: What else the signer is told.
core.v1.ProjectedVolumeSource: Several sources in one folder.
  sources: What is in it.
core.v1.VolumeProjection: One source of a projected volume.
  secret: Keys of a Secret.
  downwardAPI: What is known of the pod.
  configMap: Keys of a ConfigMap.
  serviceAccountToken: A token of the pod's service account.
  clusterTrustBundle: Certificates of authorities that the cluster trusts.
  podCertificate: A key and a certificate made for the pod.
core.v1.PersistentVolumeClaimVolumeSource: A claim as a volume.
core.v1.EphemeralVolumeSource: A claim of the pod's own.
  volumeClaimTemplate: What the claim is made of.
core.v1.PersistentVolumeClaimTemplate: What a claim is made of.
core.v1.ImageVolumeSource: An image's files as a volume.
  reference: The image, with a tag or digest.
  pullPolicy: When it is fetched: Always, IfNotPresent or Never.
core.v1.CSIVolumeSource: A volume that a CSI driver makes for one pod.
  nodePublishSecretRef: The Secret that the driver is given when it mounts it.
core.v1.CSIPersistentVolumeSource: A volume of a CSI driver.
  volumeHandle: Which volume it is, as the driver knows it.
  controllerPublishSecretRef: The Secret that the driver is given when it attaches it.
  nodeStageSecretRef: The Secret that the driver is given when it makes it ready on a node.
  nodePublishSecretRef: The Secret that the driver is given when it mounts it for a pod.
  controllerExpandSecretRef: The Secret that the driver is given when it enlarges it.
  nodeExpandSecretRef: The Secret that the driver is given when it enlarges it on a node.
core.v1.NFSVolumeSource: A folder shared by NFS.
  path: The folder that the server exports.
core.v1.ISCSIVolumeSource: A disk reached by iSCSI.
  iscsiInterface: The interface that is used; default (tcp) unless set.
  chapAuthDiscovery: Finding the target is authenticated by CHAP.
  chapAuthSession: The session with the target is authenticated by CHAP.
core.v1.ISCSIPersistentVolumeSource: A disk reached by iSCSI.
  iscsiInterface: The interface that is used; default (tcp) unless set.
  chapAuthDiscovery: Finding the target is authenticated by CHAP.
  chapAuthSession: The session with the target is authenticated by CHAP.
core.v1.FCVolumeSource: A disk reached by Fibre Channel.
  targetWWNs: The targets' world wide names.
  wwids: World wide identifiers, in place of names and lun.
core.v1.GCEPersistentDiskVolumeSource: A disk of Google's cloud.
  pdName: The disk's name.
core.v1.GlusterfsVolumeSource: A volume of Gluster.
  endpoints: The Endpoints with the servers' addresses.
  path: The volume's name.
core.v1.GlusterfsPersistentVolumeSource: A volume of Gluster.
  endpoints: The Endpoints with the servers' addresses.
  path: The volume's name.
  endpointsNamespace: The namespace of the Endpoints; the claim's unless set.
core.v1.CephFSVolumeSource: A folder of CephFS.
  path: The folder; the root unless set.
  secretFile: The file with the key of the user.
core.v1.CephFSPersistentVolumeSource: A folder of CephFS.
  path: The folder; the root unless set.
  secretFile: The file with the key of the user.
core.v1.RBDVolumeSource: An image of Ceph's block device.
  image: The image's name.
core.v1.RBDPersistentVolumeSource: An image of Ceph's block device.
  image: The image's name.
core.v1.VsphereVirtualDiskVolumeSource: A disk of vSphere.
  volumePath: Where the disk lies.
core.v1.QuobyteVolumeSource: A volume of Quobyte.
  group: The group that files are mapped to.
core.v1.AzureDiskVolumeSource: A disk of Azure.
  diskName: The disk's name.
  diskURI: Where the disk is.
  cachingMode: None, ReadOnly or ReadWrite.
  kind: Shared, Dedicated or Managed.
core.v1.PhotonPersistentDiskVolumeSource: A disk of Photon.
  pdID: Which disk it is.
core.v1.AWSElasticBlockStoreVolumeSource: A disk of Amazon's cloud.
core.v1.CinderVolumeSource: A volume of OpenStack.
core.v1.CinderPersistentVolumeSource: A volume of OpenStack.
core.v1.FlockerVolumeSource: A dataset of Flocker.
core.v1.FlexVolumeSource: A volume of a FlexVolume driver.
core.v1.FlexPersistentVolumeSource: A volume of a FlexVolume driver.
core.v1.AzureFileVolumeSource: A share of Azure.
core.v1.AzureFilePersistentVolumeSource: A share of Azure.
core.v1.PortworxVolumeSource: A volume of Portworx.
core.v1.ScaleIOVolumeSource: A volume of ScaleIO.
core.v1.ScaleIOPersistentVolumeSource: A volume of ScaleIO.
core.v1.StorageOSVolumeSource: A volume of StorageOS.
core.v1.StorageOSPersistentVolumeSource: A volume of StorageOS.
core.v1.LocalVolumeSource: A disk or folder of one node.
  path: Where it is on the node.
  fsType: What a bare device is formatted with; guessed unless set.
core.v1.PersistentVolumeSource: Where a volume comes from; one of these.
  gcePersistentDisk: A disk of Google's cloud; kept for old manifests.
  awsElasticBlockStore: A disk of Amazon's cloud; kept for old manifests.
  hostPath: A folder of a node, for clusters of one node.
  glusterfs: A volume of Gluster; kept for old manifests.
  nfs: A folder that a server shares by NFS.
  rbd: An image of Ceph's block device; kept for old manifests.
  iscsi: A disk reached by iSCSI.
  cinder: A volume of OpenStack; kept for old manifests.
  cephfs: A folder of CephFS; kept for old manifests.
  fc: A disk reached by Fibre Channel.
  flocker: A dataset of Flocker; kept for old manifests.
  flexVolume: A volume of a FlexVolume driver; kept for old manifests.
  azureFile: A share of Azure; kept for old manifests.
  vsphereVolume: A disk of vSphere; kept for old manifests.
  quobyte: A volume of Quobyte; kept for old manifests.
  azureDisk: A disk of Azure; kept for old manifests.
  photonPersistentDisk: A disk of Photon; kept for old manifests.
  portworxVolume: A volume of Portworx; kept for old manifests.
  scaleIO: A volume of ScaleIO; kept for old manifests.
  local: A disk or folder of one node.
  storageos: A volume of StorageOS; kept for old manifests.
  csi: A volume of a CSI driver.
core.v1.PersistentVolumeSpec: A volume, who has it, and what becomes of it.
  capacity: How large it is.
  persistentVolumeReclaimPolicy: What happens when its claim is gone: Retain, Delete or Recycle.
  storageClassName: The class it is of; empty for none.
  nodeAffinity: From which nodes it is reached.
  volumeAttributesClassName: The class of its attributes, which may change while it is in use.
core.v1.VolumeNodeAffinity: From which nodes a volume is reached.
core.v1.PersistentVolumeStatus: What was seen of a volume.
  phase: Available, Bound, Released or Failed.
core.v1.PersistentVolumeClaimSpec: How large a volume, of which class, and how it is to be used.
  dataSource: What the volume begins with: a snapshot, or another claim.
  dataSourceRef: The same, also of other kinds and other namespaces.
  volumeAttributesClassName: The class of the attributes that the volume shall have.
core.v1.PersistentVolumeClaimStatus: What the claim got.
  phase: Pending, Bound or Lost.
  capacity: How large the volume is.
  allocatedResourceStatuses: How far a change of size is, by resource.
  currentVolumeAttributesClassName: The class of the attributes that the volume has now.
  modifyVolumeStatus: How far a change of its attributes is.
core.v1.ModifyVolumeStatus: A change of a volume's attributes.
  targetVolumeAttributesClassName: The class that is aimed at.
  status: Pending, InProgress or Infeasible.
core.v1.PersistentVolumeClaimCondition: Something that holds of a claim, or not.
core.v1.VolumeResourceRequirements: How large a volume shall be.
core.v1.VolumeDevice: A volume as a block device.
  name: The claim's volume in the pod.
core.v1.VolumeMountStatus: How a volume was mounted.
  name: The mount that is meant.
  volumeStatus: What is known of the volume.
core.v1.VolumeStatus: What is known of a mounted volume.
  image: Of an image volume, which image.
core.v1.TypedLocalObjectReference: An object of the same namespace.
core.v1.TypedObjectReference: An object of any namespace.
core.v1.SecretReference: A Secret of any namespace.
storage.v1.CSIDriver: What the cluster knows of a CSI driver; its name is the driver's.
storage.v1.CSIDriverSpec: How a driver wants to be used.
  attachRequired: Volumes are attached to nodes before they are mounted.
  podInfoOnMount: The driver is told about the pod that it mounts for.
  volumeLifecycleModes: Persistent, Ephemeral or both.
  storageCapacity: The scheduler looks at the capacity that the driver publishes.
  fsGroupPolicy: Whether files are given to the pod's group: ReadWriteOnceWithFSType, File or None.
  tokenRequests: Tokens of the pod's account that the driver is given.
  requiresRepublish: The driver is called again and again while a volume is mounted.
  seLinuxMount: The driver mounts with a label of SELinux.
  nodeAllocatableUpdatePeriodSeconds: How often it is asked how many volumes a node takes.
  serviceAccountTokenInSecrets: Tokens come among the secrets, not among the context.
  preventPodSchedulingIfMissing: No pod goes to a node on which the driver is not.
storage.v1.CSINode: Which CSI drivers a node has; its name is the node's.
storage.v1.CSINodeSpec: The drivers of a node.
  drivers: One entry a driver.
storage.v1.CSINodeDriver: One driver on a node.
  nodeID: What the driver calls the node.
  topologyKeys: Labels of the node by which the driver tells where volumes are reached.
storage.v1.VolumeNodeResources: How much a node takes.
  count: How many volumes at most.
storage.v1.TokenRequest: A token that a driver is given.
storage.v1.CSIStorageCapacity: How much room a driver has somewhere.
  nodeTopology: By their labels, the nodes from which it is reached.
  storageClassName: The class that it is about.
  maximumVolumeSize: How large one volume may be.
storage.v1.StorageClass: How volumes of a kind are made.
  allowedTopologies: Where volumes may be made; anywhere unless set.
core.v1.TopologySelectorTerm: A place, by labels.
core.v1.TopologySelectorLabelRequirement: A label with one of some values.
storage.v1.VolumeAttachment: The wish that a volume is attached to a node.
storage.v1.VolumeAttachmentSpec: Which volume, to which node, by which driver.
  source: The volume.
storage.v1.VolumeAttachmentSource: A volume that is attached.
  persistentVolumeName: The PersistentVolume.
  inlineVolumeSpec: A volume that has no PersistentVolume.
storage.v1.VolumeAttachmentStatus: How far it is.
  attached: It is attached.
  attachmentMetadata: What the driver said, for those who mount it.
  attachError: Why the last try to attach it failed.
  detachError: Why the last try to detach it failed.
storage.v1.VolumeError: A failure.
  errorCode: The driver's own code.
`;
