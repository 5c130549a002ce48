import type { PersistentVolume } from './types/generated/core-v1.ts';

/**
 * The provisioner whose volumes are folders of nodes. The controller decides on a node and makes
 * the PersistentVolume; that node's kubelet makes the folder when a pod needs it, and removes it
 * when the volume is deleted, which the finalizer waits for.
 */
export const localFolder = {
  provisioner: 'keelson.dev/local-folder',
  /** The StorageClass that is made where there is none, marked as the default. */
  className: 'local-folder',
  /** Where nodes have the folders unless the class has another `path` among its parameters. */
  path: '/var/lib/keelson/volumes',
  /** On the volume: whose it is to make and remove. */
  nodeAnnotation: 'keelson.dev/node',
  finalizer: 'keelson.dev/local-folder',
  /** Any user of any pod may be meant to write, as with an emptyDir. */
  mode: 0o777,
} as const;

export const provisionedBy = 'pv.kubernetes.io/provisioned-by';

/** The node that has the volume's folder; undefined for a volume of another kind. */
export function nodeOfLocalFolder(volume: Partial<PersistentVolume>): string | undefined {
  const { [provisionedBy]: provisioner, [localFolder.nodeAnnotation]: node } =
    volume.metadata?.annotations ?? {};
  const isFolder = provisioner === localFolder.provisioner && volume.spec?.local !== undefined;
  return isFolder ? node : undefined;
}
