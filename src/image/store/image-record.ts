import { parseDigest } from '../digest.ts';
import type { Digest, Image, ImageConfig } from '../image.ts';
import {
  isJsonObject,
  listField,
  objectField,
  sizeField,
  textField,
  textListField,
  textMapField,
  type JsonObject,
} from '../json.ts';

/** What the store knows of one image; its documents lie in the blob store. */
export interface ImageRecord {
  readonly id: Digest;
  readonly createdAtMs: number;
  readonly pinned: boolean;
  /** The image manifest whose layers were pulled or made; for push and save. */
  readonly manifest: { readonly mediaType: string; readonly digest: Digest };
  readonly layers: readonly ImageLayer[];
  readonly config: ImageConfig;
}

export interface ImageLayer {
  readonly diffId: Digest;
  readonly chainId: Digest;
  readonly blobDigest: Digest;
  readonly unpackedBytes: number;
  /** Left out are the layers beneath; see LayerRecord. */
  readonly hidesLowers?: true;
}

/** A name that points to an image. `name` is whole: with a tag, or with a digest. */
export interface ReferenceRecord {
  readonly name: string;
  readonly imageId: Digest;
}

/** What the interface shows of a record. */
export function imageOf(record: ImageRecord, names: readonly string[]): Image {
  return {
    id: record.id,
    repoTags: names.filter((name) => !isDigestName(name)).toSorted(),
    repoDigests: names.filter(isDigestName).toSorted(),
    sizeBytes: record.layers.reduce((sum, layer) => sum + layer.unpackedBytes, 0),
    createdAtMs: record.createdAtMs,
    pinned: record.pinned,
    diffIds: record.layers.map((layer) => layer.diffId),
    config: record.config,
  };
}

function isDigestName(name: string): boolean {
  return name.includes('@');
}

/** Reads a record back; throws for anything that was not written here. */
export function parseImageRecord(document: unknown): { key: string; record: ImageRecord } {
  const object = asObject(document);
  const manifest = objectField(object, 'manifest');
  const record: ImageRecord = {
    id: parseDigest(textField(object, 'id')),
    createdAtMs: sizeOrNegative(object['createdAtMs']),
    pinned: object['pinned'] === true,
    manifest: {
      mediaType: textField(manifest, 'mediaType'),
      digest: parseDigest(textField(manifest, 'digest')),
    },
    layers: listField(object, 'layers').map((layer) => parseImageLayer(layer)),
    config: parseImageConfig(objectField(object, 'config')),
  };
  return { key: record.id, record };
}

export function parseReferenceRecord(document: unknown): { key: string; record: ReferenceRecord } {
  const object = asObject(document);
  const name = textField(object, 'name');
  return { key: name, record: { name, imageId: parseDigest(textField(object, 'imageId')) } };
}

function parseImageLayer(value: unknown): ImageLayer {
  const layer = asObject(value);
  return {
    diffId: parseDigest(textField(layer, 'diffId')),
    chainId: parseDigest(textField(layer, 'chainId')),
    blobDigest: parseDigest(textField(layer, 'blobDigest')),
    unpackedBytes: sizeField(layer, 'unpackedBytes'),
    ...(layer['hidesLowers'] === true ? { hidesLowers: true } : {}),
  };
}

function parseImageConfig(config: JsonObject): ImageConfig {
  return {
    architecture: textField(config, 'architecture'),
    os: textField(config, 'os'),
    user: textField(config, 'user'),
    env: textListField(config, 'env'),
    entrypoint: textListField(config, 'entrypoint'),
    cmd: textListField(config, 'cmd'),
    workingDir: textField(config, 'workingDir'),
    stopSignal: textField(config, 'stopSignal'),
    exposedPorts: textListField(config, 'exposedPorts'),
    volumes: textListField(config, 'volumes'),
    labels: textMapField(config, 'labels'),
  };
}

/** Times before 1970 are legal. */
function sizeOrNegative(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Error('a time is missing');
  return value;
}

function asObject(value: unknown): JsonObject {
  if (!isJsonObject(value)) throw new Error('it is not an object');
  return value;
}
