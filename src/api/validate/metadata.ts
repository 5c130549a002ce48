import { isList, isObject, type JsonObject } from '../json.ts';
import type { Kind } from '../kind.ts';
import { labelKeyFaults, labelValueFaults } from '../selector/label.ts';
import { duplicate, type Fault, forbiddenField, invalid, required, tooLong } from './fault.ts';
import { dns1035Label, dnsLabel, dnsSubdomain, type NameForm, pathSegment } from './name.ts';

const largestAnnotations = 256 * 1024;

/** Kinds whose names are not subdomains. */
const forms: Readonly<Record<string, NameForm>> = {
  Namespace: dnsLabel,
  Service: dns1035Label,
  Role: pathSegment,
  ClusterRole: pathSegment,
  RoleBinding: pathSegment,
  ClusterRoleBinding: pathSegment,
  PriorityClass: dnsSubdomain,
};

/** What is wrong with an object's metadata, whatever its kind. */
export function metadataFaults(kind: Kind, object: JsonObject): Fault[] {
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  return [
    ...nameFaults(kind, metadata),
    ...namespaceFaults(kind, metadata),
    ...labelFaults(metadata['labels']),
    ...annotationFaults(metadata['annotations']),
    ...ownerFaults(metadata['ownerReferences']),
    ...finalizerFaults(metadata['finalizers']),
  ];
}

function nameFaults(kind: Kind, { name, generateName }: JsonObject): Fault[] {
  const form = forms[kind.builtIn] ?? dnsSubdomain;
  const faults: Fault[] = [];
  if (typeof generateName === 'string' && generateName !== '') {
    // A prefix may end with a dash: a suffix comes after it.
    const checked = generateName.endsWith('-') ? `${generateName.slice(0, -1)}a` : generateName;
    for (const words of form(checked)) {
      faults.push(invalid('metadata.generateName', generateName, words));
    }
  }
  if (typeof name !== 'string' || name === '') {
    return [...faults, required('metadata.name', 'name or generateName is required')];
  }
  return [...faults, ...form(name).map((words) => invalid('metadata.name', name, words))];
}

function namespaceFaults(kind: Kind, { namespace }: JsonObject): Fault[] {
  const given = typeof namespace === 'string' && namespace !== '';
  if (!kind.namespaced) {
    return given ? [forbiddenField('metadata.namespace', 'not allowed on this type')] : [];
  }
  if (!given) return [required('metadata.namespace')];
  return dnsLabel(namespace).map((words) => invalid('metadata.namespace', namespace, words));
}

/** Labels wherever they stand; a template's too. */
export function labelFaults(labels: unknown, path = 'metadata.labels'): Fault[] {
  if (!isRecord(labels)) return [];
  return Object.entries(labels).flatMap(([key, value]) => [
    ...labelKeyFaults(key).map((words) => invalid(path, key, words)),
    ...labelValueFaults(value).map((words) => invalid(path, value, words)),
  ]);
}

function annotationFaults(annotations: unknown): Fault[] {
  if (!isRecord(annotations)) return [];
  const path = 'metadata.annotations';
  const faults = Object.keys(annotations).flatMap((key) =>
    labelKeyFaults(key.toLowerCase()).map((words) => invalid(path, key, words)),
  );
  const size = Object.entries(annotations).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
  return size > largestAnnotations ? [...faults, tooLong(path, largestAnnotations)] : faults;
}

function ownerFaults(references: JsonObject[string]): Fault[] {
  if (!isList(references)) return [];
  const faults: Fault[] = [];
  let controllers = 0;
  references.forEach((reference, index) => {
    const owner = isObject(reference) ? reference : {};
    const path = `metadata.ownerReferences[${index}]`;
    for (const name of ['apiVersion', 'kind', 'name', 'uid']) {
      if (!owner[name]) faults.push(required(`${path}.${name}`, 'must not be empty'));
    }
    if (owner['controller'] === true) controllers += 1;
  });
  if (controllers > 1) {
    const words = 'Only one reference can have Controller set to true';
    faults.push(invalid('metadata.ownerReferences', references, words));
  }
  return faults;
}

function finalizerFaults(finalizers: JsonObject[string]): Fault[] {
  if (!isList(finalizers)) return [];
  const seen = new Set<string>();
  return finalizers.flatMap((finalizer, index) => {
    const text = typeof finalizer === 'string' ? finalizer : '';
    const path = `metadata.finalizers[${index}]`;
    if (seen.has(text)) return [duplicate(path, text)];
    seen.add(text);
    return labelKeyFaults(text).map((words) => invalid('metadata.finalizers', text, words));
  });
}

function isRecord(value: unknown): value is Record<string, string> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
