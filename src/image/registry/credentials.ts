import { readFile, stat } from 'node:fs/promises';
import { DomainError, hasCode } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import type { RegistryCredentials } from '../image-service.ts';
import { isJsonObject, objectField, parseJsonText, textField, type JsonObject } from '../json.ts';
import { runCredentialHelper } from './credential-helper.ts';

/** Docker Hub's entry is stored under the address of its first interface. */
const hubKey = 'https://index.docker.io/v1/';
const hubHosts = new Set(['registry-1.docker.io', 'index.docker.io', 'docker.io']);

/**
 * Credentials for a host from `~/.docker/config.json` (auths, credHelpers, credsStore), and for a
 * path below it where the file has an entry so narrow. Undefined when there are none. The file is
 * read each time, so that a login takes effect at once. Throws DomainError `invalid` for a damaged
 * file.
 */
export async function findCredentials(
  host: string,
  path: string,
  dockerConfig: string,
): Promise<RegistryCredentials | undefined> {
  const document = dockerConfig === '' ? undefined : await readConfig(dockerConfig);
  if (document === undefined) return undefined;
  const keys = keysOf(host, path);
  const helper = helperOf(document, keys);
  if (helper !== undefined) {
    const found = await runCredentialHelper(helper.name, helper.key);
    if (found !== undefined || helper.isOwn) return found;
  }
  return storedIn(objectField(document, 'auths'), keys);
}

async function readConfig(path: string): Promise<JsonObject | undefined> {
  try {
    const { size } = await stat(path);
    if (size > limits.stateFileBytes) {
      throw new DomainError('invalid', `Docker configuration "${path}" is ${size} bytes long`);
    }
    return parseJsonText(await readFile(path, 'utf8'), `Docker configuration "${path}"`);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return undefined;
    throw error;
  }
}

/** The narrowest first: `host/team/app`, `host/team`, `host`. */
function keysOf(host: string, path: string): string[] {
  if (hubHosts.has(host)) return [hubKey, 'docker.io', 'index.docker.io', 'registry-1.docker.io'];
  const parts = path.split('/').filter((part) => part !== '');
  const narrow = parts.map((_, index) => [host, ...parts.slice(0, parts.length - index)].join('/'));
  return [...narrow, host];
}

interface Helper {
  readonly name: string;
  readonly key: string;
  /** Named for this host, so that the file's other entries do not count. */
  readonly isOwn: boolean;
}

function helperOf(document: JsonObject, keys: readonly string[]): Helper | undefined {
  const helpers = objectField(document, 'credHelpers');
  const key = keys.find((key) => textField(helpers, key) !== '');
  if (key !== undefined) return { name: textField(helpers, key), key, isOwn: true };
  const name = textField(document, 'credsStore');
  if (name === '') return undefined;
  return { name, key: keys[0] === hubKey ? hubKey : (keys.at(-1) ?? ''), isOwn: false };
}

function storedIn(auths: JsonObject, keys: readonly string[]): RegistryCredentials | undefined {
  const entries = Object.entries(auths);
  for (const key of keys) {
    const entry = auths[key] ?? entries.find(([stored]) => withoutScheme(stored) === key)?.[1];
    const credentials = isJsonObject(entry) ? credentialsOf(entry) : undefined;
    if (credentials !== undefined) return credentials;
  }
  return undefined;
}

/** Old files have whole URLs: `https://host/v1/`. */
function withoutScheme(stored: string): string {
  return stored.replace(/^https?:\/\//, '').replace(/\/v[12]\/?$|\/$/, '');
}

/** Undefined for an empty entry, which is what stays when a helper keeps the secret. */
export function credentialsOf(entry: JsonObject): RegistryCredentials | undefined {
  const identityToken = textField(entry, 'identitytoken');
  const registryToken = textField(entry, 'registrytoken');
  const decoded = decodeAuth(textField(entry, 'auth'));
  const username = decoded?.username ?? textField(entry, 'username');
  const password = decoded?.password ?? textField(entry, 'password');
  if (registryToken !== '') return { registryToken };
  if (identityToken !== '') return { username, identityToken };
  return username === '' ? undefined : { username, password };
}

function decodeAuth(auth: string): { username: string; password: string } | undefined {
  if (auth === '') return undefined;
  const text = Buffer.from(auth, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon <= 0) throw new DomainError('invalid', 'An auth entry is not base64 of user:password');
  // Some writers of the file pad with NUL characters.
  return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, '') };
}
