import { DomainError, isDomainError, messageOf } from '../../../base/error.ts';
import type {
  ConfigMap,
  DownwardAPIVolumeFile,
  Pod,
  Secret,
  ServiceAccountTokenProjection,
  Volume,
  VolumeProjection,
} from '../../../api/types/generated/core-v1.ts';
import { downwardField, downwardResource } from './downward-value.ts';
import { configMapFiles, type KeySelection, secretFiles } from './key-files.ts';
import { type FilePayload, makePayload, type Payload } from './payload.ts';

/** Where the files of a pod's volumes come from. */
export interface Sources {
  readonly pod: Pod;
  readonly allocatable: ReadonlyMap<string, string>;
  /** Undefined when it is not there. */
  configMap(name: string): Promise<ConfigMap | undefined>;
  secret(name: string): Promise<Secret | undefined>;
  /** `path` is where the volume has it: the token that stands there stays while it is young. */
  token(projection: ServiceAccountTokenProjection): Promise<string>;
}

type NamedFile = readonly [string, FilePayload];

const usualMode = 0o644;

/** The files of a configMap, secret, downwardAPI or projected volume. */
export async function collectFiles(volume: Volume, sources: Sources): Promise<Payload> {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap !== undefined) {
    return makePayload(await fromConfigMap(configMap, configMap.defaultMode, sources));
  }
  if (secret !== undefined) {
    const named = { ...secret, name: secret.secretName };
    return makePayload(await fromSecret(named, secret.defaultMode, sources));
  }
  if (downwardAPI !== undefined) {
    return makePayload(fromPod(downwardAPI.items ?? [], downwardAPI.defaultMode, sources));
  }
  const parts = await Promise.allSettled(
    (projected?.sources ?? []).map((source) =>
      fromProjection(source, projected?.defaultMode, sources),
    ),
  );
  return makePayload(allOf(parts));
}

/** Several failures are told in one, as Kubernetes does. */
function allOf(parts: readonly PromiseSettledResult<NamedFile[]>[]): NamedFile[] {
  const failures = parts.flatMap((part) => (part.status === 'rejected' ? [part.reason] : []));
  const [first] = failures;
  if (failures.length === 1) throw first;
  if (failures.length > 1) {
    const words = [...new Set(failures.map(messageOf))];
    const kind = isDomainError(first) ? first.kind : 'unavailable';
    const message = words.length === 1 ? (words[0] ?? '') : `[${words.join(', ')}]`;
    throw new DomainError(kind, message, { cause: first });
  }
  return parts.flatMap((part) => (part.status === 'fulfilled' ? part.value : []));
}

interface KeyReference {
  readonly name?: string | undefined;
  readonly items?: KeySelection['items'];
  readonly optional?: boolean | undefined;
}

async function fromConfigMap(
  { name = '', items, optional = false }: KeyReference,
  defaultMode: number | undefined,
  sources: Sources,
): Promise<NamedFile[]> {
  const map = await sources.configMap(name);
  if (map === undefined && !optional) {
    throw new DomainError('notFound', `configmap "${name}" not found`);
  }
  return configMapFiles(map, { items, optional, defaultMode: defaultMode ?? usualMode });
}

async function fromSecret(
  { name = '', items, optional = false }: KeyReference,
  defaultMode: number | undefined,
  sources: Sources,
): Promise<NamedFile[]> {
  const secret = await sources.secret(name);
  if (secret === undefined && !optional) {
    throw new DomainError('notFound', `secret "${name}" not found`);
  }
  return secretFiles(secret, { items, optional, defaultMode: defaultMode ?? usualMode });
}

function fromPod(
  items: readonly DownwardAPIVolumeFile[],
  defaultMode: number | undefined,
  { pod, allocatable }: Sources,
): NamedFile[] {
  return items.map(({ path, fieldRef, resourceFieldRef, mode }) => {
    const text =
      resourceFieldRef === undefined
        ? downwardField(pod, fieldRef?.fieldPath ?? '')
        : downwardResource(pod, resourceFieldRef, allocatable);
    return [path, { bytes: Buffer.from(text), mode: mode ?? defaultMode ?? usualMode }];
  });
}

async function fromProjection(
  source: VolumeProjection,
  defaultMode: number | undefined,
  sources: Sources,
): Promise<NamedFile[]> {
  const { configMap, secret, downwardAPI, serviceAccountToken } = source;
  if (configMap !== undefined) return await fromConfigMap(configMap, defaultMode, sources);
  if (secret !== undefined) return await fromSecret(secret, defaultMode, sources);
  if (downwardAPI !== undefined) return fromPod(downwardAPI.items ?? [], defaultMode, sources);
  if (serviceAccountToken !== undefined) {
    const bytes = Buffer.from(await sources.token(serviceAccountToken));
    return [[serviceAccountToken.path, { bytes, ...tokenAccess(sources.pod, defaultMode) }]];
  }
  const [kind = 'empty'] = Object.keys(source);
  throw new DomainError('unsupported', `projected source "${kind}" is not supported`);
}

/** A token is for the pod's user and group alone where the pod says who they are. */
function tokenAccess({ spec }: Pod, defaultMode = usualMode): Pick<FilePayload, 'mode' | 'uid'> {
  const { fsGroup } = spec?.securityContext ?? {};
  const uid = onlyUser(spec);
  if (fsGroup === undefined && uid === undefined) return { mode: defaultMode };
  return { mode: 0o600, ...(uid !== undefined && { uid }) };
}

/** The user that all containers run as; undefined when they differ or do not say. */
function onlyUser(spec: Pod['spec']): number | undefined {
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const users = new Set(
    containers.map(
      ({ securityContext }) => securityContext?.runAsUser ?? spec?.securityContext?.runAsUser,
    ),
  );
  const [user] = users;
  return users.size === 1 ? user : undefined;
}
