import type { Kind, Subresource } from '../api/kind.ts';
import { findResource } from '../api/kinds.ts';

/** What a path names. */
export type Route =
  | { readonly to: 'resource'; readonly resource: ResourceRoute }
  /** `/api`, `/apis`, a group or a group's version. */
  | { readonly to: 'discovery'; readonly path: readonly string[] }
  | { readonly to: 'openapi'; readonly version: 'v2' | 'v3'; readonly document: string }
  | { readonly to: 'plain'; readonly name: string }
  | { readonly to: 'nothing' };

export interface ResourceRoute {
  readonly kind: Kind;
  /** Empty for all namespaces, and for kinds that have none. */
  readonly namespace: string;
  /** Empty for a collection. */
  readonly name: string;
  readonly subresource: Subresource | undefined;
  /** What follows `proxy`, from its slash on and as it was sent. */
  readonly rest: string;
}

/** The kind at `apps/v1`, `deployments`. */
export type FindResource = (apiVersion: string, plural: string) => Kind | undefined;

/** What is passed on is not read: its escapes and empty parts mean something to somebody else. */
const proxied = /^(\/api\/v1\/(?:namespaces\/[^/]+\/(?:pods|services)|nodes)\/[^/]+\/proxy)(\/.*)$/;

const plainPaths = new Set(['version', 'healthz', 'livez', 'readyz', 'metrics']);

/** Reads a path; parts are decoded once, and a part that is no valid text leads nowhere. */
export function findRoute(path: string, find: FindResource = findResource): Route {
  const [, own = path, rest = ''] = proxied.exec(path) ?? [];
  const route = findOwnRoute(own, find);
  return rest !== '' && route.to === 'resource'
    ? { to: 'resource', resource: { ...route.resource, rest } }
    : route;
}

function findOwnRoute(path: string, find: FindResource): Route {
  const parts = splitPath(path);
  if (parts === undefined) return { to: 'nothing' };
  const [first = '', ...rest] = parts;
  if (first === 'api' || first === 'apis') return findApiRoute(first, rest, find);
  if (first === 'openapi' && (rest[0] === 'v2' || rest[0] === 'v3')) {
    return { to: 'openapi', version: rest[0], document: rest.slice(1).join('/') };
  }
  return plainPaths.has(first) ? { to: 'plain', name: first } : { to: 'nothing' };
}

function splitPath(path: string): string[] | undefined {
  try {
    const parts = path.split('/').slice(1).map(decodeURIComponent);
    if (parts.at(-1) === '') parts.pop();
    return parts.some((part) => /^$|[/\0]/.test(part)) ? undefined : parts;
  } catch {
    return undefined;
  }
}

function findApiRoute(root: 'api' | 'apis', parts: readonly string[], find: FindResource): Route {
  const depth = root === 'api' ? 1 : 2;
  if (parts.length <= depth) return { to: 'discovery', path: [root, ...parts] };
  const apiVersion = parts.slice(0, depth).join('/');
  const resource = findResourceRoute((plural) => find(apiVersion, plural), parts.slice(depth));
  return resource === undefined ? { to: 'nothing' } : { to: 'resource', resource };
}

function findResourceRoute(
  find: (plural: string) => Kind | undefined,
  parts: readonly string[],
): ResourceRoute | undefined {
  // `namespaces/blue` and `namespaces/blue/status` are about the namespace itself.
  const inside = parts[0] === 'namespaces' && parts.length > 2 && !isOfNamespace(parts[2] ?? '');
  const [plural = '', name = '', subresource = '', ...more] = inside ? parts.slice(2) : parts;
  const kind = find(plural);
  if (kind === undefined || (inside && !kind.namespaced)) return undefined;
  const known = findSubresource(kind, subresource);
  if ((subresource !== '' && known === undefined) || more.length > 0) return undefined;
  const namespace = inside ? (parts[1] ?? '') : '';
  if (name !== '' && kind.namespaced && namespace === '') return undefined;
  return { kind, namespace, name, subresource: known, rest: '' };
}

function findSubresource(kind: Kind, word: string): Subresource | undefined {
  const { subresources, virtual, measured } = kind;
  if (word === 'history' && !virtual && !measured) return word;
  return subresources.find((known) => known === word);
}

function isOfNamespace(part: string): boolean {
  return part === 'status' || part === 'finalize' || part === 'history';
}
