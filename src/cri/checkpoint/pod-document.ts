import { DomainError } from '../../base/error.ts';

/** File `pod.options` of a pod's checkpoint, as checkpointctl knows it. */
export interface PodDocument {
  readonly version: 1;
  /** The folder of each container, by the container's name. */
  readonly containers: Readonly<Record<string, string>>;
}

const maximumContainers = 256;

/** Checks what was read from a folder. Throws DomainError `invalid` and `unsupported`. */
export function parsePodDocument(value: unknown): PodDocument {
  const damaged = new DomainError('invalid', 'The checkpoint\'s "pod.options" is damaged');
  if (typeof value !== 'object' || value === null) throw damaged;
  const { version, containers } = value as Partial<Record<string, unknown>>;
  if (version !== 1) throw new DomainError('unsupported', 'The checkpoint is of another version');
  if (typeof containers !== 'object' || containers === null) throw damaged;
  const entries = Object.entries(containers);
  if (entries.length > maximumContainers || !entries.every(isEntry)) throw damaged;
  return { version, containers: Object.fromEntries(entries.filter(isEntry)) };
}

function isEntry(entry: readonly [string, unknown]): entry is [string, string] {
  const [name, folder] = entry;
  return name !== '' && typeof folder === 'string' && folderName.test(folder);
}

/** One folder, and nothing but a folder. */
const folderName = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;
