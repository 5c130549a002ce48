import { createHash } from 'node:crypto';
import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import { hexOf, isDigest, shortened } from '../digest.ts';
import type { Digest, Image } from '../image.ts';
import { formatReference, parseReference, repositoryOf, type Reference } from '../reference.ts';
import {
  imageOf,
  parseImageRecord,
  parseReferenceRecord,
  type ImageRecord,
  type ReferenceRecord,
} from './image-record.ts';
import { openRecordFolder, type RecordFolder } from './record-folder.ts';
import type { StateFolder } from './state-folder.ts';

/** The records of images and of the names that point to them. */
export interface ImageStore {
  readonly images: ReadonlyMap<string, ImageRecord>;
  imageOf(id: Digest): Image | undefined;
  list(): readonly Image[];
  /** Any image of this repository has been pulled. */
  hasPulled(repository: string): boolean;
  namesOf(id: Digest): readonly string[];
  /** By tag, digest, id or unambiguous beginning of an id; DomainError `conflict`, `invalid`. */
  find(name: string): ImageRecord | undefined;
  /** As `find`, and DomainError `notFound`. */
  get(name: string): ImageRecord;
  put(record: ImageRecord): Promise<void>;
  /** Points a whole name to an image; a tag that pointed elsewhere is moved in one step. */
  setName(name: string, id: Digest): Promise<void>;
  removeName(name: string): Promise<void>;
  /** Its record's file cannot be read. */
  isDamaged(id: Digest): boolean;
  /** The record with all its names; also a damaged record's file. */
  remove(id: Digest): Promise<void>;
}

export function openImageStore(
  state: StateFolder,
  hasLayer: (chainId: Digest) => boolean,
): ImageStore {
  const images = openRecordFolder<ImageRecord>({
    folder: state.images,
    log: state.log,
    isDurable: true,
    fileName: (id) => (isDigest(id) ? hexOf(id) : 'unnamed'),
    parse: (document) => {
      const parsed = parseImageRecord(document);
      const missing = parsed.record.layers.find(({ chainId }) => !hasLayer(chainId));
      if (missing !== undefined) throw new Error(`its layer ${missing.chainId} is missing`);
      return parsed;
    },
  });
  const references = openRecordFolder<ReferenceRecord>({
    folder: state.references,
    log: state.log,
    isDurable: true,
    fileName: (name) => createHash('sha256').update(name).digest('hex'),
    parse: (document) => parseReferenceRecord(document),
  });
  return makeImageStore(images, references);
}

function makeImageStore(
  images: RecordFolder<ImageRecord>,
  references: RecordFolder<ReferenceRecord>,
): ImageStore {
  const namesOf = (id: Digest): string[] =>
    [...references.records.values()]
      .filter(({ imageId }) => imageId === id)
      .map(({ name }) => name);
  const find = (name: string): ImageRecord | undefined =>
    findById(name, images.records) ??
    findByReference(name, images.records, references.records) ??
    findByPrefix(name, images.records);
  return {
    images: images.records,
    namesOf,
    imageOf(id) {
      const record = images.records.get(id);
      return record === undefined ? undefined : imageOf(record, namesOf(id));
    },
    find,
    get(name) {
      const record = find(name);
      if (record === undefined) throw noSuchImage(name);
      return record;
    },
    list() {
      const names = Map.groupBy(references.records.values(), ({ imageId }) => imageId);
      return [...images.records.values()].map((record) => {
        const own = names.get(record.id) ?? [];
        return imageOf(
          record,
          own.map(({ name }) => name),
        );
      });
    },
    hasPulled: (repository) =>
      [...references.records.keys()].some((name) => name.startsWith(`${repository}@`)),
    isDamaged: (id) => images.damaged.has(`${hexOf(id)}.json`),
    async put(record) {
      if (JSON.stringify(record).length > limits.stateFileBytes) {
        throw new DomainError('invalid', `Configuration of image ${record.id} is too large`);
      }
      await images.put(record.id, record);
    },
    async setName(name, id) {
      await references.put(name, { name, imageId: id });
    },
    removeName: (name) => references.delete(name),
    async remove(id) {
      // Names first: a name must never point to what is not there.
      for (const name of namesOf(id)) await references.delete(name);
      await images.delete(id);
    },
  };
}

export function noSuchImage(name: string): DomainError {
  return new DomainError('notFound', `No such image: "${shortened(name)}"`);
}

/** The store's keys for a reference: by tag or, if it has one, by digest. */
export function storedName(reference: Reference): string {
  const { tag, digest } = reference;
  if (digest !== undefined) return `${repositoryOf(reference)}@${digest}`;
  return formatReference({ ...reference, tag: tag ?? 'latest' });
}

function findById(name: string, images: ReadonlyMap<string, ImageRecord>): ImageRecord | undefined {
  const id = name.startsWith('sha256:') ? name : `sha256:${name}`;
  return isDigest(id) ? images.get(id) : undefined;
}

function findByReference(
  name: string,
  images: ReadonlyMap<string, ImageRecord>,
  references: ReadonlyMap<string, ReferenceRecord>,
): ImageRecord | undefined {
  if (/^(?:sha256:)?[0-9a-f]{64}$/.test(name) || name.startsWith('sha256:')) return undefined;
  const reference = parseReference(name);
  const record = references.get(storedName(reference));
  return record === undefined ? undefined : images.get(record.imageId);
}

function findByPrefix(
  name: string,
  images: ReadonlyMap<string, ImageRecord>,
): ImageRecord | undefined {
  const prefix = name.startsWith('sha256:') ? name : `sha256:${name}`;
  if (!/^sha256:[0-9a-f]{1,64}$/.test(prefix)) return undefined;
  const [first, second] = [...images.values()].filter(({ id }) => id.startsWith(prefix));
  if (second === undefined) return first;
  throw new DomainError('conflict', `"${shortened(name)}" is the beginning of several image ids`);
}
