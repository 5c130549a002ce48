import { DomainError } from '../../../base/error.ts';
import { own } from '../../../base/own.ts';
import type { ConfigMap, KeyToPath, Secret } from '../../../api/types/generated/core-v1.ts';
import type { FilePayload } from './payload.ts';

/** How the keys of a ConfigMap or Secret become files. */
export interface KeySelection {
  /** All keys by their own names when left out or empty. */
  readonly items?: readonly KeyToPath[] | undefined;
  readonly defaultMode: number;
  readonly optional: boolean;
}

type NamedFile = readonly [string, FilePayload];
type Keys = Readonly<Record<string, Uint8Array>>;

/** `undefined` stands for one that may be missing and is. */
export function configMapFiles(map: ConfigMap | undefined, selection: KeySelection): NamedFile[] {
  const texts = Object.entries(map?.data ?? {}).map(([key, text]) => [key, Buffer.from(text)]);
  const binaries = Object.entries(map?.binaryData ?? {}).map(decoded);
  const keys = Object.fromEntries([...texts, ...binaries]) as Keys;
  return keyFiles(keys, selection, 'configmap references non-existent config key');
}

export function secretFiles(secret: Secret | undefined, selection: KeySelection): NamedFile[] {
  const keys = Object.fromEntries(Object.entries(secret?.data ?? {}).map(decoded)) as Keys;
  return keyFiles(keys, selection, 'references non-existent secret key');
}

function decoded([key, text]: [string, string]): [string, Uint8Array] {
  return [key, Buffer.from(text, 'base64')];
}

function keyFiles(keys: Keys, selection: KeySelection, complaint: string): NamedFile[] {
  const { items = [], defaultMode, optional } = selection;
  if (items.length === 0) {
    return Object.entries(keys).map(([key, bytes]) => [key, { bytes, mode: defaultMode }]);
  }
  return items.flatMap(({ key, path, mode = defaultMode }): NamedFile[] => {
    const bytes = own(keys, key);
    if (bytes !== undefined) return [[path, { bytes, mode }]];
    if (optional) return [];
    throw new DomainError('notFound', `${complaint}: ${key}`);
  });
}
