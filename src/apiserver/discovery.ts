import type { JsonObject } from '../api/json.ts';
import { apiVersionOf, type Kind, type Subresource } from '../api/kind.ts';
import { compareVersions } from '../api/custom/kinds-of-definition.ts';
import { findKind } from '../api/kinds.ts';
import { ApiError } from '../api/status.ts';

const objectVerbs = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

/** What a subresource is of, where it is not its owner's kind. */
const subresourceKinds: Partial<Record<Subresource, readonly [apiVersion: string, kind: string]>> =
  {
    scale: ['autoscaling/v1', 'Scale'],
    eviction: ['policy/v1', 'Eviction'],
    binding: ['v1', 'Binding'],
    token: ['authentication.k8s.io/v1', 'TokenRequest'],
    exec: ['v1', 'PodExecOptions'],
    attach: ['v1', 'PodAttachOptions'],
    portforward: ['v1', 'PodPortForwardOptions'],
    proxy: ['v1', 'PodProxyOptions'],
  };

const subresourceVerbs: Partial<Record<Subresource, readonly string[]>> = {
  log: ['get'],
  exec: ['create', 'get'],
  attach: ['create', 'get'],
  portforward: ['create', 'get'],
  proxy: ['create', 'delete', 'get', 'patch', 'update'],
  eviction: ['create'],
  binding: ['create'],
  token: ['create'],
  finalize: ['update'],
  history: ['get'],
};

/** `/api`, `/apis` and below, one document each. Throws `NotFound`. */
export function discover(
  path: readonly string[],
  address: string,
  kinds: readonly Kind[],
): JsonObject {
  const [root, group, version] = path;
  if (root === 'api')
    return group === undefined ? legacyVersions(address) : resourceList(group, kinds);
  if (group === undefined) return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups(kinds) };
  if (version !== undefined) return resourceList(`${group}/${version}`, kinds);
  const found = groups(kinds).find(({ name }) => name === group);
  if (found === undefined) throw unknownPath();
  return { kind: 'APIGroup', apiVersion: 'v1', ...found };
}

/** Everything below `/api` or `/apis` in one document, as newer clients ask for it. */
export function discoverAll(
  root: string,
  version: 'v2' | 'v2beta1',
  kinds: readonly Kind[],
): JsonObject {
  const own = versionsOf(kinds).filter((name) => (root === 'api') === !name.includes('/'));
  const names = [...new Set(own.map(groupOf))];
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: names.map((name) => ({
      metadata: name === '' ? {} : { name },
      versions: own
        .filter((entry) => groupOf(entry) === name)
        .toSorted(inOrder(name, kinds))
        .map((entry) => discoveredVersion(entry, kinds)),
    })),
  };
}

export function unknownPath(): ApiError {
  return new ApiError('NotFound', 'the server could not find the requested resource');
}

function legacyVersions(address: string): JsonObject {
  const serverAddressByClientCIDRs = [{ clientCIDR: '0.0.0.0/0', serverAddress: address }];
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs };
}

function versionsOf(kinds: readonly Kind[]): readonly string[] {
  return [...new Set(kinds.map(apiVersionOf))];
}

function groups(kinds: readonly Kind[]): JsonObject[] {
  const grouped = versionsOf(kinds).filter((name) => name.includes('/'));
  return [...new Set(grouped.map(groupOf))].map((name) => {
    const own = grouped
      .filter((entry) => groupOf(entry) === name)
      .toSorted(inOrder(name, kinds))
      .map((groupVersion) => ({ groupVersion, version: groupVersion.slice(name.length + 1) }));
    return { name, versions: own, preferredVersion: own[0] ?? {} };
  });
}

/** Several definitions of a group may each have versions of their own: the stable come first. */
function inOrder(group: string, kinds: readonly Kind[]): (a: string, b: string) => number {
  const isCustom = kinds.some((kind) => kind.group === group && kind.builtIn === '');
  const versionIn = (apiVersion: string) => apiVersion.slice(group.length + 1);
  return (a, b) => (isCustom ? compareVersions(versionIn(a), versionIn(b)) : 0);
}

function groupOf(apiVersion: string): string {
  const at = apiVersion.indexOf('/');
  return at < 0 ? '' : apiVersion.slice(0, at);
}

function resourceList(groupVersion: string, kinds: readonly Kind[]): JsonObject {
  const own = kinds.filter((kind) => apiVersionOf(kind) === groupVersion);
  if (own.length === 0) throw unknownPath();
  const resources = own.flatMap((kind) => [
    {
      name: kind.plural,
      singularName: kind.singular,
      namespaced: kind.namespaced,
      kind: kind.kind,
      verbs: verbsOf(kind),
      ...otherNames(kind),
    },
    ...kind.subresources.map((name) => subresourceEntry(kind, name)),
  ]);
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources };
}

/** Names of old groups are left out: kubectl would warn that `deploy` is two things. */
function otherNames(kind: Kind): JsonObject {
  if (kind.storedAs !== undefined && groupOf(kind.storedAs) !== kind.group) return {};
  return {
    ...(kind.shortNames.length > 0 && { shortNames: kind.shortNames }),
    ...(kind.categories.length > 0 && { categories: kind.categories }),
  };
}

export function verbsOf(kind: Kind): readonly string[] {
  if (kind.virtual) return ['create'];
  return kind.measured ? ['get', 'list'] : objectVerbs;
}

function subresourceEntry(kind: Kind, name: Subresource): JsonObject {
  const { group, version, kind: type } = kindOfSubresource(kind, name);
  return {
    name: `${kind.plural}/${name}`,
    singularName: '',
    namespaced: kind.namespaced,
    ...(group !== kind.group && { group }),
    ...(group !== kind.group && { version }),
    kind: type,
    verbs: verbsOfSubresource(name),
  };
}

export function verbsOfSubresource(name: Subresource): readonly string[] {
  return subresourceVerbs[name] ?? ['get', 'patch', 'update'];
}

function kindOfSubresource(
  kind: Kind,
  name: Subresource,
): Pick<Kind, 'group' | 'version' | 'kind'> {
  const other = subresourceKinds[name];
  if (other === undefined) return kind;
  const [apiVersion, type] = other;
  const found = findKind(apiVersion, type);
  if (found !== undefined) return found;
  const group = groupOf(apiVersion);
  return { group, version: apiVersion.slice(group === '' ? 0 : group.length + 1), kind: type };
}

function discoveredVersion(apiVersion: string, kinds: readonly Kind[]): JsonObject {
  const own = kinds.filter((kind) => apiVersionOf(kind) === apiVersion);
  const group = groupOf(apiVersion);
  return {
    version: group === '' ? apiVersion : apiVersion.slice(group.length + 1),
    freshness: 'Current',
    resources: own.map((kind) => ({
      resource: kind.plural,
      responseKind: responseKind(kind),
      scope: kind.namespaced ? 'Namespaced' : 'Cluster',
      singularResource: kind.singular,
      verbs: verbsOf(kind),
      ...otherNames(kind),
      ...(kind.subresources.length > 0 && {
        subresources: kind.subresources.map((name) => ({
          subresource: name,
          responseKind: responseKind(kindOfSubresource(kind, name)),
          verbs: verbsOfSubresource(name),
        })),
      }),
    })),
  };
}

function responseKind({
  group,
  version,
  kind,
}: Pick<Kind, 'group' | 'version' | 'kind'>): JsonObject {
  return { group, version, kind };
}
