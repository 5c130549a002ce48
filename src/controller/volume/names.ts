/** Annotations and finalizers of volumes and claims, as Kubernetes names them. */
export const bindCompleted = 'pv.kubernetes.io/bind-completed';
export const boundByController = 'pv.kubernetes.io/bound-by-controller';
export const selectedNode = 'volume.kubernetes.io/selected-node';
export const provisionerOf = 'volume.kubernetes.io/storage-provisioner';
export const provisionerOfOld = 'volume.beta.kubernetes.io/storage-provisioner';
export const claimProtection = 'kubernetes.io/pvc-protection';
export const volumeProtection = 'kubernetes.io/pv-protection';
/** What provisions nothing: its volumes are made by hand. */
export const noProvisioner = 'kubernetes.io/no-provisioner';
/** The source of the binder's events. */
export const binder = 'persistentvolume-controller';
