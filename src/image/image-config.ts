import { DomainError } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import { parseDigest } from './digest.ts';
import type { Digest, ImageConfig } from './image.ts';
import {
  isJsonObject,
  listField,
  objectField,
  parseJsonObject,
  textField,
  textListField,
  textMapField,
  type JsonObject,
} from './json.ts';
import type { Platform } from './platform.ts';

/** An image's configuration document, read and checked. */
export interface ConfigDocument {
  readonly config: ImageConfig;
  readonly platform: Platform;
  readonly createdAtMs: number;
  readonly diffIds: readonly Digest[];
  readonly history: readonly HistoryRecord[];
  /** The document itself, for a new one that is made from it. */
  readonly document: JsonObject;
}

export interface HistoryRecord {
  readonly createdAtMs: number;
  readonly createdBy: string;
  readonly comment: string;
  readonly emptyLayer: boolean;
}

/** Parses an OCI or Docker image configuration. Untrusted; throws DomainError `invalid`. */
export function parseConfigDocument(bytes: Uint8Array): ConfigDocument {
  if (bytes.length > limits.imageConfigBytes) {
    throw new DomainError('invalid', `Image configuration of ${bytes.length} bytes is too large`);
  }
  const document = parseJsonObject(bytes, 'Image configuration');
  const platform = {
    os: textField(document, 'os'),
    architecture: textField(document, 'architecture'),
    variant: textField(document, 'variant'),
  };
  const parsed = {
    config: parseConfig(objectField(document, 'config'), platform),
    platform,
    createdAtMs: timeOf(textField(document, 'created')),
    diffIds: parseDiffIds(objectField(document, 'rootfs')),
    history: listField(document, 'history').map((entry) => parseHistory(entry)),
    document,
  };
  refuseNulCharacters(parsed.config);
  return parsed;
}

function parseConfig(config: JsonObject, platform: Platform): ImageConfig {
  return {
    architecture: platform.architecture,
    os: platform.os,
    user: textField(config, 'User'),
    env: textListField(config, 'Env'),
    entrypoint: textListField(config, 'Entrypoint'),
    cmd: textListField(config, 'Cmd'),
    workingDir: textField(config, 'WorkingDir'),
    stopSignal: textField(config, 'StopSignal'),
    exposedPorts: Object.keys(objectField(config, 'ExposedPorts')),
    volumes: Object.keys(objectField(config, 'Volumes')),
    labels: textMapField(config, 'Labels'),
  };
}

function parseDiffIds(rootfs: JsonObject): Digest[] {
  const type = textField(rootfs, 'type');
  if (type !== 'layers' && type !== '') {
    throw new DomainError(
      'invalid',
      'Image configuration has a root file system that is not layers',
    );
  }
  const diffIds = textListField(rootfs, 'diff_ids');
  if (diffIds.length > limits.imageLayers) {
    throw new DomainError(
      'invalid',
      `Image has ${diffIds.length} layers (${limits.imageLayers} allowed)`,
    );
  }
  return diffIds.map((diffId) => parseDigest(diffId));
}

function parseHistory(entry: unknown): HistoryRecord {
  if (!isJsonObject(entry)) throw new DomainError('invalid', 'A history entry is not an object');
  return {
    createdAtMs: timeOf(textField(entry, 'created')),
    createdBy: textField(entry, 'created_by'),
    comment: textField(entry, 'comment'),
    emptyLayer: entry['empty_layer'] === true,
  };
}

/** 0 for a time that is absent or malformed: nothing depends on it. */
function timeOf(text: string): number {
  const time = Date.parse(text);
  return Number.isFinite(time) ? time : 0;
}

/**
 * A NUL separates the records of a container's plan, and ends every text in the kernel: with one
 * inside, what is checked would not be what is used.
 */
function refuseNulCharacters(config: ImageConfig): void {
  const { labels, env, ...others } = config;
  const texts = [...Object.values(others).flat(), ...env, ...Object.entries(labels).flat()];
  if (texts.some((text) => text.includes('\0'))) {
    throw new DomainError('invalid', 'Image configuration has a text with a NUL character');
  }
}
