import { homedir } from 'node:os';
import { join } from 'node:path';
import { DomainError } from '../base/error.ts';
import { isJsonObject, type JsonObject } from './json.ts';
import { parsePinned } from './pinned.ts';

/** How one registry is reached; the key is its domain as it stands in references. */
export interface RegistrySettings {
  /**
   * URLs that are asked first, in order: `https://mirror.example:5000/hub`. A path stands before
   * the repository's name: `/v2/hub/library/busybox/…`.
   */
  readonly mirrors?: readonly string[];
  /** Speaks HTTP without TLS. */
  readonly plainHttp?: boolean;
  /** TLS without looking at the server's certificate. */
  readonly skipVerify?: boolean;
  /** PEM files: authorities beside the system's own, and the client's certificate with its key. */
  readonly caFile?: string;
  readonly clientCertFile?: string;
  readonly clientKeyFile?: string;
}

/** The `image` section of the configuration file. */
export interface ImageSettings {
  readonly registries: Readonly<Record<string, RegistrySettings>>;
  /** Docker's layout of certificates: `HOST/{*.crt,*.cert,*.key}`. */
  readonly certsFolder: string;
  /** The file with Docker's credentials; '' reads none. */
  readonly dockerConfig: string;
  /** Downloads of one pull at once. */
  readonly maxConcurrentDownloads: number;
  /** A mirror that does not answer a connection in this time is given up. */
  readonly mirrorDialTimeoutMs: number;
  /** The same for a registry itself, which nothing stands in for. */
  readonly dialTimeoutMs: number;
  /** A transfer that brings nothing for this time is broken off, and resumed. */
  readonly stallTimeoutMs: number;
  /**
   * Keeps the compressed layers beside the unpacked ones, so that `save` and `push` give the very
   * bytes that were pulled. Without them both fetch what they need from the registry again.
   */
  readonly keepBlobs: boolean;
  /**
   * Images that are never collected: names as people write them, or the beginning of a whole name
   * with a `*` after it (`registry.k8s.io/*`).
   */
  readonly pinned: readonly string[];
}

export const defaultImageSettings: ImageSettings = {
  registries: {},
  certsFolder: '/etc/docker/certs.d',
  dockerConfig: join(process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker'), 'config.json'),
  maxConcurrentDownloads: 3,
  mirrorDialTimeoutMs: 1500,
  dialTimeoutMs: 10_000,
  stallTimeoutMs: 30_000,
  keepBlobs: true,
  pinned: [],
};

/**
 * The settings that a configuration file's `image` section asks for, the defaults where it is
 * silent. Throws DomainError `invalid`, naming the field, for what is unknown or of the wrong type.
 */
export function parseImageSettings(section: unknown): ImageSettings {
  if (section === undefined || section === null) return defaultImageSettings;
  const object = objectAt('image', section);
  refuseUnknown('image', object, Object.keys(defaultImageSettings));
  return {
    registries: parseRegistries(object['registries'] ?? {}),
    certsFolder: textAt(
      'image.certsFolder',
      object['certsFolder'] ?? defaultImageSettings.certsFolder,
    ),
    dockerConfig: textAt(
      'image.dockerConfig',
      object['dockerConfig'] ?? defaultImageSettings.dockerConfig,
    ),
    maxConcurrentDownloads: numberAt(object, 'maxConcurrentDownloads', [1, 64]),
    mirrorDialTimeoutMs: numberAt(object, 'mirrorDialTimeoutMs', [100, 60_000]),
    dialTimeoutMs: numberAt(object, 'dialTimeoutMs', [100, 300_000]),
    stallTimeoutMs: numberAt(object, 'stallTimeoutMs', [1000, 600_000]),
    keepBlobs: flagAt('image.keepBlobs', object['keepBlobs'] ?? defaultImageSettings.keepBlobs),
    pinned: parsePinned(object['pinned'] ?? []),
  };
}

const registryFields = [
  'mirrors',
  'plainHttp',
  'skipVerify',
  'caFile',
  'clientCertFile',
  'clientKeyFile',
] as const;

function parseRegistries(value: unknown): Record<string, RegistrySettings> {
  const registries = objectAt('image.registries', value);
  return Object.fromEntries(
    Object.entries(registries).map(([domain, settings]) => [
      domain,
      parseRegistry(`image.registries.${domain}`, settings),
    ]),
  );
}

function parseRegistry(name: string, value: unknown): RegistrySettings {
  const object = objectAt(name, value ?? {});
  refuseUnknown(name, object, registryFields);
  const parsed = Object.entries(object).map(([key, field]) => {
    if (key === 'mirrors') return [key, parseMirrors(`${name}.mirrors`, field)];
    if (key === 'plainHttp' || key === 'skipVerify') return [key, flagAt(`${name}.${key}`, field)];
    return [key, textAt(`${name}.${key}`, field)];
  });
  const settings = Object.fromEntries(parsed) as RegistrySettings;
  if ((settings.clientCertFile === undefined) !== (settings.clientKeyFile === undefined)) {
    throw new DomainError('invalid', `${name} needs clientCertFile and clientKeyFile together`);
  }
  return settings;
}

function parseMirrors(name: string, value: unknown): string[] {
  if (!Array.isArray(value)) throw wrong(name, 'a list of URLs');
  return value.map((item: unknown) => {
    const url = typeof item === 'string' ? URL.parse(item) : null;
    const isPlain = url !== null && url.username === '' && url.password === '' && url.search === '';
    if (!isPlain || !/^https?:$/.test(url.protocol)) {
      throw wrong(name, 'a list of http or https URLs without user and query');
    }
    return url.href;
  });
}

function objectAt(name: string, value: unknown): JsonObject {
  if (!isJsonObject(value)) throw wrong(name, 'a map');
  return value;
}

function textAt(name: string, value: unknown): string {
  if (typeof value !== 'string') throw wrong(name, 'a text');
  return value;
}

function flagAt(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw wrong(name, 'true or false');
  return value;
}

type NumberField =
  'maxConcurrentDownloads' | 'mirrorDialTimeoutMs' | 'dialTimeoutMs' | 'stallTimeoutMs';

function numberAt(object: JsonObject, key: NumberField, range: readonly [number, number]): number {
  const value = object[key] ?? defaultImageSettings[key];
  const [minimum, maximum] = range;
  if (Number.isInteger(value) && Number(value) >= minimum && Number(value) <= maximum) {
    return Number(value);
  }
  throw wrong(`image.${key}`, `an integer from ${minimum} to ${maximum}`);
}

function refuseUnknown(name: string, object: JsonObject, known: readonly string[]): void {
  const unknown = Object.keys(object).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new DomainError('invalid', `${name} has the unknown field "${unknown}"`);
}

function wrong(name: string, expected: string): DomainError {
  return new DomainError('invalid', `${name} is not ${expected}`);
}
