import { DomainError } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import { parseDigest, shortened } from './digest.ts';
import type { Digest } from './image.ts';
import {
  isJsonObject,
  listField,
  objectField,
  parseJsonObject,
  sizeField,
  textField,
  textMapField,
  type JsonObject,
} from './json.ts';
import {
  compressionOf,
  isConfigType,
  isForeignLayerType,
  isIndexType,
  isManifestType,
  mediaTypes,
  type LayerCompression,
} from './media-type.ts';
import type { Platform } from './platform.ts';

/** What a document says about another one: where a lie is found out when its bytes are read. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
}

export interface LayerDescriptor extends Descriptor {
  readonly compression: LayerCompression;
}

export interface Manifest {
  readonly kind: 'manifest';
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly LayerDescriptor[];
}

export interface Index {
  readonly kind: 'index';
  readonly mediaType: string;
  readonly entries: readonly IndexEntry[];
}

export interface IndexEntry extends Descriptor {
  readonly platform?: Platform;
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * Parses an image manifest or an index; `contentType` is what the registry called it. Untrusted:
 * bounded by `limits.manifestBytes`. Throws DomainError `invalid`, or `unsupported` for documents
 * that are something else than an image (artifacts, schema 1, foreign layers).
 */
export function parseManifest(bytes: Uint8Array, contentType: string): Manifest | Index {
  if (bytes.length > limits.manifestBytes) {
    throw new DomainError('invalid', `Manifest of ${bytes.length} bytes is too large`);
  }
  const document = parseJsonObject(bytes, 'Manifest');
  refuseAmbiguous(document);
  const mediaType = mediaTypeOf(document, contentType);
  if (isIndexType(mediaType)) return parseIndex(document, mediaType);
  if (isManifestType(mediaType)) return parseImageManifest(document, mediaType);
  throw notAnImage(mediaType);
}

/** CVE-2021-41190: the same bytes must not be an index to one reader and a manifest to another. */
function refuseAmbiguous(document: JsonObject): void {
  const isManifest = Object.hasOwn(document, 'config') || Object.hasOwn(document, 'layers');
  if (isManifest && Object.hasOwn(document, 'manifests')) {
    throw new DomainError(
      'invalid',
      'Manifest is ambiguous: it is an index and a manifest at once',
    );
  }
  if (Object.hasOwn(document, 'fsLayers')) throw notAnImage(mediaTypes.dockerSchema1);
}

function mediaTypeOf(document: JsonObject, contentType: string): string {
  const served = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const own = textField(document, 'mediaType');
  const servedIsKnown = isIndexType(served) || isManifestType(served);
  if (own !== '' && servedIsKnown && own !== served) {
    const types = `"${shortened(own)}" served as "${shortened(served)}"`;
    throw new DomainError('invalid', `Manifest is ambiguous: it is ${types}`);
  }
  if (own !== '') return checkedShape(document, own);
  // OCI documents may leave their type out; a registry may serve them as plain JSON.
  if (servedIsKnown) return checkedShape(document, served);
  if (served.startsWith('application/vnd.')) return served;
  return Object.hasOwn(document, 'manifests') ? mediaTypes.ociIndex : mediaTypes.ociManifest;
}

function checkedShape(document: JsonObject, mediaType: string): string {
  const isOther = isIndexType(mediaType)
    ? !Object.hasOwn(document, 'manifests')
    : isManifestType(mediaType) && !Object.hasOwn(document, 'config');
  if (!isOther) return mediaType;
  throw new DomainError('invalid', `Manifest does not hold what "${mediaType}" has to hold`);
}

function parseIndex(document: JsonObject, mediaType: string): Index {
  const manifests = listField(document, 'manifests');
  return { kind: 'index', mediaType, entries: manifests.flatMap((entry) => parseEntry(entry)) };
}

/** Entries of a kind that is not ours (signatures, attestations) are passed over. */
function parseEntry(value: unknown): IndexEntry[] {
  if (!isJsonObject(value)) throw new DomainError('invalid', 'An index entry is not an object');
  const annotations = textMapField(value, 'annotations');
  if (annotations['vnd.docker.reference.type'] !== undefined) return [];
  const mediaType = textField(value, 'mediaType');
  if (!isManifestType(mediaType) && !isIndexType(mediaType)) return [];
  const descriptor = { ...parseDescriptor(value), annotations };
  if (!Object.hasOwn(value, 'platform')) return [descriptor];
  const platform = objectField(value, 'platform');
  return [
    {
      ...descriptor,
      platform: {
        os: textField(platform, 'os'),
        architecture: textField(platform, 'architecture'),
        variant: textField(platform, 'variant'),
      },
    },
  ];
}

function parseImageManifest(document: JsonObject, mediaType: string): Manifest {
  const config = parseDescriptor(objectField(document, 'config'));
  const artifactType = textField(document, 'artifactType');
  if (!isConfigType(config.mediaType)) throw notAnImage(artifactType || config.mediaType);
  if (config.size > limits.imageConfigBytes) {
    throw new DomainError('invalid', `Image configuration of ${config.size} bytes is too large`);
  }
  const layers = listField(document, 'layers');
  if (layers.length > limits.imageLayers) {
    throw new DomainError(
      'invalid',
      `Image has ${layers.length} layers (${limits.imageLayers} allowed)`,
    );
  }
  return { kind: 'manifest', mediaType, config, layers: layers.map((layer) => parseLayer(layer)) };
}

function parseLayer(value: unknown): LayerDescriptor {
  if (!isJsonObject(value)) throw new DomainError('invalid', 'A layer is not an object');
  const descriptor = parseDescriptor(value);
  if (isForeignLayerType(descriptor.mediaType)) {
    throw new DomainError(
      'unsupported',
      `Layer ${descriptor.digest} is foreign ("${descriptor.mediaType}"): no registry holds it`,
    );
  }
  const compression = compressionOf(descriptor.mediaType);
  if (compression === undefined) {
    const type = shortened(descriptor.mediaType);
    throw new DomainError(
      'unsupported',
      `Layer ${descriptor.digest} has the unknown type "${type}"`,
    );
  }
  return { ...descriptor, compression };
}

function parseDescriptor(value: JsonObject): Descriptor {
  return {
    mediaType: textField(value, 'mediaType'),
    digest: parseDigest(textField(value, 'digest')),
    size: sizeField(value, 'size'),
  };
}

function notAnImage(mediaType: string): DomainError {
  const isOld =
    mediaType === mediaTypes.dockerSchema1 || mediaType === mediaTypes.dockerSchema1Signed;
  if (isOld) {
    return new DomainError('unsupported', 'Manifest has the old schema 1; push the image again');
  }
  return new DomainError(
    'unsupported',
    `Manifest is not an image but an artifact of type "${shortened(mediaType)}"`,
  );
}
