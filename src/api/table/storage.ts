import { type JsonObject, objectIn, textOf } from '../json.ts';
import { age, type Column, nameColumn, number, objects, text, texts, wide } from './column.ts';

const spec = (object: JsonObject) => objectIn(object, 'spec');
const status = (object: JsonObject) => objectIn(object, 'status');
const mode = wide('VolumeMode', (object) => textOf(spec(object)['volumeMode']) || '<unset>');
const attributesClass = text(
  'VolumeAttributesClass',
  (object) => textOf(spec(object)['volumeAttributesClassName']) || '<unset>',
);

const shortModes: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

export const volumeColumns: readonly Column[] = [
  nameColumn,
  text('Capacity', (volume) => textOf(objectIn(spec(volume), 'capacity')['storage'])),
  text('Access Modes', (volume) => modes(spec(volume))),
  text('Reclaim Policy', (volume) => textOf(spec(volume)['persistentVolumeReclaimPolicy'])),
  text('Status', statusOf),
  text('Claim', (volume) => {
    const { namespace, name } = objectIn(spec(volume), 'claimRef');
    return name === undefined ? '' : `${textOf(namespace)}/${textOf(name)}`;
  }),
  text('StorageClass', (volume) => textOf(spec(volume)['storageClassName'])),
  attributesClass,
  text('Reason', (volume) => textOf(status(volume)['reason'])),
  age,
  mode,
];

export const claimColumns: readonly Column[] = [
  nameColumn,
  text('Status', statusOf),
  text('Volume', (claim) => textOf(spec(claim)['volumeName'])),
  text('Capacity', (claim) =>
    isBound(claim) ? textOf(objectIn(status(claim), 'capacity')['storage']) : '',
  ),
  text('Access Modes', (claim) => (isBound(claim) ? modes(status(claim)) : '')),
  text('StorageClass', (claim) => textOf(spec(claim)['storageClassName'])),
  attributesClass,
  age,
  mode,
];

const isDefault = 'storageclass.kubernetes.io/is-default-class';

export const storageClassColumns: readonly Column[] = [
  {
    ...nameColumn,
    cell: (entry) => {
      const { name, annotations } = objectIn(entry, 'metadata');
      const marked = objectIn({ annotations }, 'annotations')[isDefault] === 'true';
      return `${textOf(name)}${marked ? ' (default)' : ''}`;
    },
  },
  text('Provisioner', (entry) => textOf(entry['provisioner'])),
  text('ReclaimPolicy', (entry) => textOf(entry['reclaimPolicy'])),
  text('VolumeBindingMode', (entry) => textOf(entry['volumeBindingMode'])),
  {
    ...text('AllowVolumeExpansion', (entry) => entry['allowVolumeExpansion'] === true),
    type: 'boolean',
  },
  age,
];

const flag = (name: string, field: string): Column => ({
  ...text(name, (driver) => spec(driver)[field] === true),
  type: 'boolean',
});

export const driverColumns: readonly Column[] = [
  nameColumn,
  flag('AttachRequired', 'attachRequired'),
  flag('PodInfoOnMount', 'podInfoOnMount'),
  flag('StorageCapacity', 'storageCapacity'),
  text('TokenRequests', (driver) => {
    const audiences = objects(spec(driver)['tokenRequests']).map((entry) =>
      textOf(entry['audience']),
    );
    return audiences.length === 0 ? '<unset>' : audiences.join(',');
  }),
  flag('RequiresRepublish', 'requiresRepublish'),
  text('Modes', (driver) => {
    const known = texts(spec(driver)['volumeLifecycleModes']);
    return known.length === 0 ? '<none>' : known.join(',');
  }),
  age,
];

export const csiNodeColumns: readonly Column[] = [
  nameColumn,
  number('Drivers', (node) => objects(spec(node)['drivers']).length),
  age,
];

export const attachmentColumns: readonly Column[] = [
  nameColumn,
  text('Attacher', (entry) => textOf(spec(entry)['attacher'])),
  text('PV', (entry) => textOf(objectIn(spec(entry), 'source')['persistentVolumeName'])),
  text('Node', (entry) => textOf(spec(entry)['nodeName'])),
  { ...text('Attached', (entry) => status(entry)['attached'] === true), type: 'boolean' },
  age,
];

function statusOf(object: JsonObject): string {
  const deleted = objectIn(object, 'metadata')['deletionTimestamp'] !== undefined;
  return deleted ? 'Terminating' : textOf(status(object)['phase']);
}

function isBound(claim: JsonObject): boolean {
  return textOf(spec(claim)['volumeName']) !== '';
}

function modes(owner: JsonObject): string {
  const known = [...new Set(texts(owner['accessModes']))];
  return known.map((word) => shortModes[word] ?? word).join(',');
}
