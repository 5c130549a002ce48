import { equal, isList, isObject, type JsonObject, objectIn, textOf } from '../json.ts';
import { kinds } from '../kinds.ts';
import { entries } from '../validate/check.ts';
import { type Fault, forbiddenField, invalid, notSupported, required } from '../validate/fault.ts';
import { dns1035Label, dnsSubdomain } from '../validate/name.ts';
import { columnFaults, scaleFaults, selectableFaults } from './version-faults.ts';
import { schemaFaults } from './schema-faults.ts';

/** What is wrong with a CustomResourceDefinition, in the API server's words. */
export function definitionFaults(definition: JsonObject): Fault[] {
  const spec = objectIn(definition, 'spec');
  return [
    ...nameFaults(definition, spec),
    ...groupFaults(definition, spec),
    ...scopeFaults(spec),
    ...versionFaults(spec),
    ...namesFaults(spec),
    ...conversionFaults(spec),
    ...(spec['preserveUnknownFields'] === true ? [preserved] : []),
    ...entries(spec['versions']).flatMap((version, index) => partFaults(spec, version, index)),
    ...storedFaults(definition, spec),
  ];
}

/** What may not become another. */
export function changedFaults(definition: JsonObject, old: JsonObject): Fault[] {
  const [spec, before] = [objectIn(definition, 'spec'), objectIn(old, 'spec')];
  const [names, namesBefore] = [objectIn(spec, 'names'), objectIn(before, 'names')];
  return [
    ...fixed('spec.scope', spec['scope'], before['scope']),
    ...fixed('spec.names.kind', names['kind'], namesBefore['kind']),
    ...fixed('spec.group', spec['group'], before['group']),
    ...fixed('spec.names.plural', names['plural'], namesBefore['plural']),
  ];
}

function fixed(path: string, now: JsonObject[string], then: JsonObject[string]): Fault[] {
  return equal(now, then) ? [] : [invalid(path, now ?? null, 'field is immutable')];
}

const preserved: Fault = invalid(
  'spec.preserveUnknownFields',
  true,
  'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in ' +
    'spec.versions[*].schema instead',
);

function nameFaults(definition: JsonObject, spec: JsonObject): Fault[] {
  const name = textOf(objectIn(definition, 'metadata')['name']);
  const wanted = `${textOf(objectIn(spec, 'names')['plural'])}.${textOf(spec['group'])}`;
  if (name === '' || name === wanted) return [];
  return [invalid('metadata.name', name, 'must be spec.names.plural+"."+spec.group')];
}

const ownGroups: ReadonlySet<string> = new Set(kinds.map(({ group }) => group));

function groupFaults(definition: JsonObject, spec: JsonObject): Fault[] {
  const group = textOf(spec['group']);
  if (group === '') return [];
  const wrong = dnsSubdomain(group);
  if (wrong.length > 0) return [invalid('spec.group', group, wrong.join(','))];
  if (!group.includes('.')) {
    return [invalid('spec.group', group, 'should be a domain with at least one dot')];
  }
  if (ownGroups.has(group))
    return [invalid('spec.group', group, 'is served by this server itself')];
  return approvalFaults(definition, group);
}

const approval = 'api-approved.kubernetes.io';

/** Groups of the Kubernetes project itself are for what was looked at there. */
function approvalFaults(definition: JsonObject, group: string): Fault[] {
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(group)) return [];
  const value = textOf(objectIn(objectIn(definition, 'metadata'), 'annotations')[approval]);
  const path = `metadata.annotations[${approval}]`;
  const words = 'protected groups must have approval annotation "api-approved.kubernetes.io", see ';
  const address = 'https://github.com/kubernetes/enhancements/pull/1111';
  if (value === '') return [required(path, words + address)];
  if (value.startsWith('unapproved') || URL.canParse(value)) return [];
  return [invalid(path, value, words + address)];
}

function scopeFaults(spec: JsonObject): Fault[] {
  const scope = textOf(spec['scope']);
  if (scope === '' || scope === 'Cluster' || scope === 'Namespaced') return [];
  return [notSupported('spec.scope', scope, ['Cluster', 'Namespaced'])];
}

function versionFaults(spec: JsonObject): Fault[] {
  const versions = entries(spec['versions']);
  const faults = versions.flatMap(({ name }, index) =>
    textOf(name) === ''
      ? []
      : dns1035Label(textOf(name)).map((words) =>
          invalid(`spec.versions[${index}].name`, name ?? '', words),
        ),
  );
  const names = versions.map(({ name }) => textOf(name));
  const list = namesOnly(names);
  if (new Set(names).size < names.length) {
    faults.push(invalid('spec.versions', list, 'must contain unique version names'));
  }
  if (versions.length > 0 && versions.filter(({ storage }) => storage === true).length !== 1) {
    const words = 'must have exactly one version marked as storage version';
    faults.push(invalid('spec.versions', list, words));
  }
  return faults;
}

/** The versions' schemas would fill the screen. */
function namesOnly(names: readonly string[]): readonly string[] {
  return names.slice(0, 32);
}

function namesFaults(spec: JsonObject): Fault[] {
  const names = objectIn(spec, 'names');
  const faults: Fault[] = [];
  const check = (path: string, value: string, hint = '') => {
    if (value === '') return;
    const wrong = dns1035Label(hint === '' ? value : value.toLowerCase());
    if (wrong.length > 0) faults.push(invalid(path, value, `${hint}${wrong.join(',')}`));
  };
  const mixed = 'may have mixed case, but should otherwise match: ';
  check('spec.names.plural', textOf(names['plural']));
  check('spec.names.singular', textOf(names['singular']));
  check('spec.names.kind', textOf(names['kind']), mixed);
  check('spec.names.listKind', textOf(names['listKind']), mixed);
  for (const field of ['shortNames', 'categories']) {
    const list = names[field];
    if (isList(list)) {
      list.forEach((word, index) => check(`spec.names.${field}[${index}]`, textOf(word)));
    }
  }
  const kind = textOf(names['kind']);
  if (kind !== '' && kind === names['listKind']) {
    const words = 'kind and listKind may not be the same';
    faults.push(invalid('spec.names.listKind', kind, words));
  }
  return faults;
}

function conversionFaults(spec: JsonObject): Fault[] {
  const conversion = objectIn(spec, 'conversion');
  const strategy = textOf(conversion['strategy']);
  const path = 'spec.conversion.strategy';
  if (strategy === 'Webhook') {
    const words = 'conversion by webhooks is not supported by this server';
    return [forbiddenField(path, words)];
  }
  if (strategy !== '' && strategy !== 'None') {
    return [notSupported(path, strategy, ['None', 'Webhook'])];
  }
  const webhook = conversion['webhook'];
  if (!isObject(webhook)) return [];
  const words = 'should not be set when strategy is not set to Webhook';
  return [forbiddenField('spec.conversion.webhookClientConfig', words)];
}

/** What one version says: its schema, its subresources, its columns. */
function partFaults(spec: JsonObject, version: JsonObject, index: number): Fault[] {
  const whole = (field: string) => isShared(entries(spec['versions']).map((one) => one[field]));
  const own = `spec.versions[${index}]`;
  // What all versions have alike is complained of once, and by the name that it had of old.
  const at = (field: string, old: string) => (whole(field) ? `spec.${old}` : `${own}.${field}`);
  const isTold = (field: string) => index === 0 || !whole(field);
  const schema = objectIn(version, 'schema')['openAPIV3Schema'];
  const faults: Fault[] = [];
  if (!isObject(schema)) {
    faults.push(required(`${own}.schema.openAPIV3Schema`));
  } else if (isTold('schema')) {
    faults.push(...schemaFaults(schema, `${at('schema', 'validation')}.openAPIV3Schema`));
  }
  if (isTold('subresources')) {
    faults.push(...scaleFaults(version, at('subresources', 'subresources')));
  }
  if (isTold('additionalPrinterColumns')) {
    const path = at('additionalPrinterColumns', 'additionalPrinterColumns');
    faults.push(...columnFaults(version, path));
  }
  if (isTold('selectableFields')) {
    faults.push(...selectableFaults(version, at('selectableFields', 'selectableFields')));
  }
  const warning = version['deprecationWarning'];
  if (warning !== undefined && version['deprecated'] !== true) {
    const words = 'can only be set for deprecated versions';
    faults.push(invalid(`${own}.deprecationWarning`, warning, words));
  }
  return faults;
}

function isShared(values: readonly JsonObject[string][]): boolean {
  return values.every((value) => equal(value, values[0]));
}

/** Objects may still lie in the store in a version that was the stored one before. */
function storedFaults(definition: JsonObject, spec: JsonObject): Fault[] {
  const stored = objectIn(definition, 'status')['storedVersions'];
  if (!isList(stored)) return [];
  const names = entries(spec['versions']).map(({ name }) => name);
  return stored.flatMap((name, index) => {
    if (names.includes(name)) return [];
    const words =
      `missing from spec.versions; ${textOf(name)} was previously a storage version, and must ` +
      'remain in spec.versions until a storage migration ensures no data remains persisted in ' +
      `${textOf(name)} and removes ${textOf(name)} from status.storedVersions`;
    return [invalid(`status.storedVersions[${index}]`, name, words)];
  });
}
