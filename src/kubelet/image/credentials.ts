import type { Secret } from '../../api/types/generated/core-v1.ts';
import { isObject, type Json, type JsonObject, textOf } from '../../api/json.ts';
import type { AuthConfig } from '../../cri/generated/runtime.ts';

interface Entry {
  /** `registry.example.com:5000/team`, with `*` for one part of the host's name. */
  readonly place: string;
  readonly auth: Partial<AuthConfig>;
}

/** What pull secrets have for an image, those for the narrowest place first. */
export function credentialsFor(image: string, secrets: readonly Secret[]): Partial<AuthConfig>[] {
  const name = locate(image);
  return secrets
    .flatMap(entriesOf)
    .filter(({ place }) => covers(place, name))
    .toSorted((a, b) => b.place.length - a.place.length)
    .map(({ auth }) => auth);
}

/** The registry and the repository, `docker.io/library/nginx`. */
function locate(image: string): string {
  const [first = '', ...rest] = image.split('/');
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  if (isHost) return image;
  return rest.length === 0 ? `docker.io/library/${image}` : `docker.io/${image}`;
}

function entriesOf({ type, data = {} }: Secret): Entry[] {
  const [key, within] =
    type === 'kubernetes.io/dockercfg' ? ['.dockercfg', ''] : ['.dockerconfigjson', 'auths'];
  const document = parse(data[key]);
  const auths = within === '' ? document : document?.[within];
  if (!isObject(auths)) return [];
  return Object.entries(auths).flatMap(([place, value]) => {
    return isObject(value) ? [{ place: placeOf(place), auth: authOf(value) }] : [];
  });
}

/** What is no JSON gives nobody access. */
function parse(data: string | undefined): JsonObject | undefined {
  try {
    const value = JSON.parse(Buffer.from(data ?? '', 'base64').toString('utf8')) as Json;
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Docker writes its own registry as the address of its first API. */
function placeOf(address: string): string {
  const place = address
    .replace(/^https?:\/\//, '')
    .replace(/\/v[12]\/?$/, '')
    .replace(/\/+$/, '');
  return place === 'index.docker.io' ? 'docker.io' : place;
}

function authOf(entry: JsonObject): Partial<AuthConfig> {
  const pair = Buffer.from(textOf(entry['auth']), 'base64').toString('utf8');
  const at = pair.indexOf(':');
  const username = textOf(entry['username']);
  return {
    username: username !== '' || at < 0 ? username : pair.slice(0, at),
    password: username !== '' || at < 0 ? textOf(entry['password']) : pair.slice(at + 1),
    identity_token: textOf(entry['identitytoken']),
    registry_token: textOf(entry['registrytoken']),
  };
}

function covers(place: string, name: string): boolean {
  const [host = '', ...path] = place.split('/');
  const [ownHost = '', ...ownPath] = name.split('/');
  const prefix = path.join('/');
  if (prefix !== '' && !`${ownPath.join('/')}/`.startsWith(`${prefix}/`)) return false;
  const [parts, ownParts] = [host.split('.'), ownHost.split('.')];
  return (
    parts.length === ownParts.length &&
    parts.every((part, index) => matches(part, ownParts[index] ?? ''))
  );
}

function matches(pattern: string, part: string): boolean {
  const escaped = pattern.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '.*');
  return new RegExp(`^${escaped}$`).test(part);
}
