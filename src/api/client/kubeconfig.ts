import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { DomainError, messageOf } from '../../base/error.ts';
import { isList, isObject, type Json, type JsonObject, objectIn, textOf } from '../json.ts';
import type { ApiAddress } from './connection.ts';

/**
 * The server and the credentials of a kubeconfig file's current context, as the kubelet reads
 * them: certificates and tokens inline or in files, whose paths are relative to the config's.
 * Throws DomainError `invalid` for what it cannot honour: exec plugins and passwords.
 */
export async function readKubeconfig(path: string): Promise<ApiAddress> {
  const config = await load(path);
  const context = named(path, config, 'context', textOf(config['current-context']));
  const cluster = named(path, config, 'cluster', textOf(context['cluster']));
  const user = named(path, config, 'user', textOf(context['user']));
  refuseOthers(path, user);
  if (cluster['insecure-skip-tls-verify'] === true) {
    throw invalid(path, 'insecure-skip-tls-verify is not supported: name the authority');
  }
  const file = { folder: dirname(resolve(path)), path };
  const authority = await pem(file, cluster, 'certificate-authority');
  const certificate = await pem(file, user, 'client-certificate');
  const key = await pem(file, user, 'client-key');
  const token = tokenOf(file, user);
  const server = textOf(cluster['server']);
  if (!/^https?:\/\/[^/]/.test(server)) throw invalid(path, 'the cluster has no server');
  return {
    server: server.replace(/\/+$/, ''),
    ...(authority !== undefined && { authority }),
    ...(textOf(cluster['tls-server-name']) !== '' && {
      serverName: textOf(cluster['tls-server-name']),
    }),
    ...(certificate !== undefined && { certificate }),
    ...(key !== undefined && { key }),
    ...(token !== undefined && { token }),
  };
}

interface ConfigFile {
  readonly folder: string;
  readonly path: string;
}

async function load(path: string): Promise<JsonObject> {
  const text = await readFile(path, 'utf8');
  try {
    const config = parse(text, { maxAliasCount: 0 }) as Json;
    if (isObject(config)) return config;
  } catch (error) {
    throw invalid(path, messageOf(error));
  }
  throw invalid(path, 'no mapping');
}

/** `contexts: [{name: x, context: {…}}]` */
// oxlint-disable-next-line max-params -- where, in what, which list, which entry
function named(path: string, config: JsonObject, field: string, name: string): JsonObject {
  const list = config[`${field}s`];
  const entry = isList(list)
    ? list.find((item) => isObject(item) && item['name'] === name)
    : undefined;
  if (isObject(entry)) return objectIn(entry, field);
  throw invalid(path, `there is no ${field} ${JSON.stringify(name)}`);
}

function refuseOthers(path: string, user: JsonObject): void {
  for (const field of ['exec', 'auth-provider', 'username', 'password']) {
    if (user[field] !== undefined) throw invalid(path, `${field} is not supported`);
  }
}

/** `client-key-data` in base64, or the file in `client-key`. */
async function pem(
  { folder, path }: ConfigFile,
  owner: JsonObject,
  field: string,
): Promise<string | undefined> {
  const data = textOf(owner[`${field}-data`]);
  if (data !== '') return Buffer.from(data, 'base64').toString('utf8');
  const file = textOf(owner[field]);
  if (file === '') return undefined;
  try {
    return await readFile(resolve(folder, file), 'utf8');
  } catch (error) {
    throw invalid(path, `${field}: ${messageOf(error)}`);
  }
}

/** A token in a file is read anew each time: somebody renews it. */
function tokenOf(
  { folder }: ConfigFile,
  user: JsonObject,
): (() => string | Promise<string>) | undefined {
  const file = textOf(user['tokenFile']);
  if (file !== '') {
    const path = resolve(folder, file);
    return async () => (await readFile(path, 'utf8')).trim();
  }
  const token = textOf(user['token']);
  return token === '' ? undefined : () => token;
}

function invalid(path: string, words: string): DomainError {
  return new DomainError('invalid', `Kubeconfig ${JSON.stringify(path)}: ${words}`);
}
