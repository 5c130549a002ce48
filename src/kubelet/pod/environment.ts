import type {
  ConfigMap,
  Container,
  EnvFromSource,
  EnvVarSource,
  Pod,
  Secret,
} from '../../api/types/generated/core-v1.ts';
import { DomainError } from '../../base/error.ts';
import { fieldValue, resourceValue } from './downward-field.ts';
import { expand } from './expand.ts';

/** Where values come from; undefined for what is not there. */
export interface ValueSources {
  readonly configMap: (namespace: string, name: string) => Promise<ConfigMap | undefined>;
  readonly secret: (namespace: string, name: string) => Promise<Secret | undefined>;
  /** Of the services that the pod is told of. */
  readonly services: ReadonlyMap<string, string>;
  /** What the node has for pods, by resource name. */
  readonly allocatable: ReadonlyMap<string, string>;
}

export interface Environment {
  readonly variables: ReadonlyMap<string, string>;
  /** Keys of ConfigMaps and Secrets that no environment can have, in words for an event. */
  readonly skipped: readonly string[];
}

/**
 * A container's variables: those of services, overridden by `envFrom`, overridden by `env`. Throws
 * DomainError `invalid` for a ConfigMap, Secret or key that is missing and not optional.
 */
export async function environmentOf(
  pod: Pod,
  container: Container,
  sources: ValueSources,
): Promise<Environment> {
  const own = new Map<string, string>();
  const skipped: string[] = [];
  for (const from of container.envFrom ?? []) {
    const { what, entries } = await entriesOf(pod, from, sources);
    const bad = Object.keys(entries).filter((key) => !isName((from.prefix ?? '') + key));
    for (const [key, value] of Object.entries(entries)) {
      if (isName((from.prefix ?? '') + key)) own.set((from.prefix ?? '') + key, value);
    }
    if (bad.length > 0) skipped.push(skippedText(bad.toSorted(), what));
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    const known = new Map([...sources.services, ...own]);
    if (valueFrom === undefined) own.set(name, expand(value ?? '', known));
    else {
      const found = await valueOf({ pod, container, sources }, valueFrom);
      if (found !== undefined) own.set(name, found);
    }
  }
  return { variables: new Map([...sources.services, ...own]), skipped };
}

function isName(name: string): boolean {
  return /^[\x20-\x3c\x3e-\x7e]+$/.test(name);
}

function skippedText(keys: readonly string[], what: string): string {
  const why = 'considered invalid environment variable names';
  return `Keys [${keys.join(', ')}] from the EnvFrom ${what} were skipped since they are ${why}.`;
}

async function entriesOf(
  pod: Pod,
  { configMapRef, secretRef }: EnvFromSource,
  sources: ValueSources,
): Promise<{ what: string; entries: Readonly<Record<string, string>> }> {
  const namespace = pod.metadata.namespace ?? '';
  if (configMapRef !== undefined) {
    const { name = '', optional } = configMapRef;
    const map = await sources.configMap(namespace, name);
    if (map === undefined && optional !== true) throw missing(`configmap "${name}" not found`);
    return { what: `configMap ${namespace}/${name}`, entries: map?.data ?? {} };
  }
  const { name = '', optional } = secretRef ?? {};
  const secret = await sources.secret(namespace, name);
  if (secret === undefined && optional !== true) throw missing(`secret "${name}" not found`);
  const entries = Object.entries(secret?.data ?? {}).map(([key, data]) => [key, plain(data)]);
  return {
    what: `secret ${namespace}/${name}`,
    entries: Object.fromEntries(entries) as Record<string, string>,
  };
}

interface Place {
  readonly pod: Pod;
  readonly container: Container;
  readonly sources: ValueSources;
}

async function valueOf(place: Place, from: EnvVarSource): Promise<string | undefined> {
  const { pod, container, sources } = place;
  if (from.fieldRef !== undefined) return fieldValue(pod, from.fieldRef.fieldPath);
  if (from.resourceFieldRef !== undefined) {
    const { containerName = '' } = from.resourceFieldRef;
    const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
    const about = containerName === '' ? container : all.find(({ name }) => name === containerName);
    if (about === undefined) throw missing(`container ${containerName} not found`);
    return resourceValue(about, from.resourceFieldRef, sources.allocatable);
  }
  if (from.configMapKeyRef !== undefined) return keyOfConfigMap(place, from.configMapKeyRef);
  if (from.secretKeyRef !== undefined) return keyOfSecret(place, from.secretKeyRef);
  throw new DomainError('unsupported', 'fileKeyRef is not supported');
}

interface KeyReference {
  readonly name?: string | undefined;
  readonly key: string;
  readonly optional?: boolean | undefined;
}

async function keyOfConfigMap(
  { pod, sources }: Place,
  { name = '', key, optional }: KeyReference,
): Promise<string | undefined> {
  const namespace = pod.metadata.namespace ?? '';
  const map = await sources.configMap(namespace, name);
  const value = map?.data?.[key];
  if (value !== undefined || optional === true) return value;
  if (map === undefined) throw missing(`configmap "${name}" not found`);
  throw missing(`couldn't find key ${key} in ConfigMap ${namespace}/${name}`);
}

async function keyOfSecret(
  { pod, sources }: Place,
  { name = '', key, optional }: KeyReference,
): Promise<string | undefined> {
  const namespace = pod.metadata.namespace ?? '';
  const secret = await sources.secret(namespace, name);
  const value = secret?.data?.[key];
  if (value !== undefined) return plain(value);
  if (optional === true) return undefined;
  if (secret === undefined) throw missing(`secret "${name}" not found`);
  throw missing(`couldn't find key ${key} in Secret ${namespace}/${name}`);
}

function plain(data: string): string {
  return Buffer.from(data, 'base64').toString('utf8');
}

function missing(words: string): DomainError {
  return new DomainError('invalid', words);
}
