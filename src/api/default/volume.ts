import type { Draft } from '../json.ts';
import { messageType } from '../schema/schema.ts';
import { type DefaultTable, fill, fillEmpty } from './rule.ts';

/** 0644 */
const mode = fill({ defaultMode: 420 });

export const volumeDefaults: DefaultTable = {
  'core.v1.Volume': [fillSource],
  'core.v1.SecretVolumeSource': [mode],
  'core.v1.ConfigMapVolumeSource': [mode],
  'core.v1.DownwardAPIVolumeSource': [mode],
  'core.v1.ProjectedVolumeSource': [mode],
  'core.v1.ServiceAccountTokenProjection': [fill({ expirationSeconds: 3600 })],
  'core.v1.PersistentVolumeClaimTemplate': [fill({ metadata: {} })],
  'core.v1.HostPathVolumeSource': [fill({ type: '' })],
  'core.v1.ISCSIVolumeSource': [fillEmpty({ iscsiInterface: 'default' })],
  'core.v1.ISCSIPersistentVolumeSource': [fillEmpty({ iscsiInterface: 'default' })],
  'core.v1.RBDVolumeSource': [
    fillEmpty({ pool: 'rbd', user: 'admin', keyring: '/etc/ceph/keyring' }),
  ],
  'core.v1.RBDPersistentVolumeSource': [
    fillEmpty({ pool: 'rbd', user: 'admin', keyring: '/etc/ceph/keyring' }),
  ],
  'core.v1.AzureDiskVolumeSource': [
    fill({ cachingMode: 'ReadWrite', fsType: 'ext4', readOnly: false, kind: 'Shared' }),
  ],
  'core.v1.ScaleIOVolumeSource': [fillEmpty({ storageMode: 'ThinProvisioned', fsType: 'xfs' })],
  'core.v1.ScaleIOPersistentVolumeSource': [
    fillEmpty({ storageMode: 'ThinProvisioned', fsType: 'xfs' }),
  ],
  'core.v1.PersistentVolume': [fill({ spec: {}, status: {} })],
  'core.v1.PersistentVolumeSpec': [
    fillEmpty({ persistentVolumeReclaimPolicy: 'Retain' }),
    fill({ volumeMode: 'Filesystem' }),
  ],
  'core.v1.PersistentVolumeStatus': [fillEmpty({ phase: 'Pending' })],
  'core.v1.PersistentVolumeClaim': [fill({ spec: {}, status: {} })],
  'core.v1.PersistentVolumeClaimSpec': [fill({ volumeMode: 'Filesystem', resources: {} })],
  'core.v1.PersistentVolumeClaimStatus': [fillEmpty({ phase: 'Pending' })],
};

/** A volume that names no source is an empty folder. */
function fillSource(volume: Draft): void {
  const sources = messageType('core.v1.VolumeSource').byName;
  for (const name of sources.keys()) if (volume[name] !== undefined) return;
  volume['emptyDir'] = {};
}
