/** What any node may, whatever runs on it; the node authorizer adds what belongs to its pods. */
export const nodeRules = `
  create authentication.k8s.io tokenreviews
  create authorization.k8s.io localsubjectaccessreviews,subjectaccessreviews
  read - services
  create,read - nodes
  patch,update - nodes/status
  patch,update - nodes
  create,patch,update -,events.k8s.io events
  read - pods
  create,delete - pods
  patch,update - pods/status
  create - pods/eviction
  read - configmaps,secrets
  get - persistentvolumeclaims,persistentvolumes
  get - endpoints
  create,read certificates.k8s.io certificatesigningrequests
  get,patch,update - persistentvolumeclaims/status
  get storage.k8s.io volumeattachments
  create - serviceaccounts/token
  get - serviceaccounts
  read storage.k8s.io csidrivers
  create,delete,get,patch,update storage.k8s.io csinodes
  create,delete,get,patch,update coordination.k8s.io leases
  read node.k8s.io runtimeclasses
  read k8s.cni.cncf.io network-attachment-definitions
`;
