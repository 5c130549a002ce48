import { isList, isObject, type JsonObject, objectIn, textOf } from '../json.ts';
import type { Kind, ScalePaths, Subresource } from '../kind.ts';
import { entries } from '../validate/check.ts';
import { columnsOf } from './columns.ts';
import { typeOfSchema } from './schema-type.ts';

/** The kind that a definition makes, in the version that is stored: where its objects lie. */
export function storedKindOf(definition: JsonObject): Kind | undefined {
  const version = entries(objectIn(definition, 'spec')['versions']).find(
    ({ storage }) => storage === true,
  );
  return version === undefined ? undefined : plainKind(definition, version);
}

export function isEstablished(definition: JsonObject): boolean {
  return hasCondition(definition, 'Established');
}

export function hasCondition(definition: JsonObject, type: string): boolean {
  return entries(objectIn(definition, 'status')['conditions']).some(
    (condition) => condition['type'] === type && condition['status'] === 'True',
  );
}

/** The kind in each version that is served, the most stable and newest version first. */
export function kindsOfDefinition(
  definition: JsonObject,
  { replaced, isTerminating }: { replaced: AbortSignal; isTerminating: () => boolean },
): readonly Kind[] {
  const versions = entries(objectIn(definition, 'spec')['versions']);
  const made = new Map<string, Kind>();
  const storage = textOf(versions.find((version) => version['storage'] === true)?.['name']);
  for (const version of versions) {
    const plain = plainKind(definition, version);
    const schema = objectIn(objectIn(version, 'schema'), 'openAPIV3Schema');
    const isDeprecated = version['deprecated'] === true;
    const known = `${plain.group}/${plain.version} ${plain.kind}`;
    made.set(plain.version, {
      ...plain,
      custom: {
        definition: textOf(objectIn(definition, 'metadata')['name']),
        listKind: textOf(objectIn(objectIn(definition, 'spec'), 'names')['listKind']),
        get stored() {
          return made.get(storage) ?? plain;
        },
        schema,
        type: typeOfSchema(plain.type, schema),
        columns: columnsOf(entries(version['additionalPrinterColumns'])),
        selectable: entries(version['selectableFields']).map(({ jsonPath }) =>
          textOf(jsonPath).slice(1),
        ),
        scale: scaleOf(version),
        deprecation: isDeprecated
          ? textOf(version['deprecationWarning']) || `${known} is deprecated`
          : undefined,
        get isTerminating() {
          return isTerminating();
        },
        replaced,
      },
    });
  }
  const served = versions.filter((version) => version['served'] === true);
  return served
    .map(({ name }) => made.get(textOf(name)))
    .filter((kind) => kind !== undefined)
    .toSorted((a, b) => compareVersions(a.version, b.version));
}

function plainKind(definition: JsonObject, version: JsonObject): Kind {
  const spec = objectIn(definition, 'spec');
  // Short names that were another's already are not its own.
  const accepted = objectIn(objectIn(definition, 'status'), 'acceptedNames');
  const names = accepted['plural'] === undefined ? objectIn(spec, 'names') : accepted;
  const group = textOf(spec['group']);
  const kind = textOf(names['kind']);
  const name = textOf(version['name']);
  const subresources = objectIn(version, 'subresources');
  const below: Subresource[] = [];
  if (isObject(subresources['status'])) below.push('status');
  if (isObject(subresources['scale'])) below.push('scale');
  return {
    group,
    version: name,
    kind,
    plural: textOf(names['plural']),
    singular: textOf(names['singular']) || kind.toLowerCase(),
    shortNames: textsIn(names['shortNames']),
    categories: textsIn(names['categories']),
    namespaced: spec['scope'] === 'Namespaced',
    subresources: below,
    type: `${group.split('.').toReversed().join('.')}.${name}.${kind}`,
    prefix: `/registry/${group}/${textOf(names['plural'])}/`,
    virtual: false,
    measured: false,
    storedAs: undefined,
    builtIn: '',
  };
}

function scaleOf(version: JsonObject): ScalePaths | undefined {
  const { scale } = objectIn(version, 'subresources');
  if (!isObject(scale)) return undefined;
  return {
    specReplicasPath: textOf(scale['specReplicasPath']),
    statusReplicasPath: textOf(scale['statusReplicasPath']),
    labelSelectorPath: textOf(scale['labelSelectorPath']),
  };
}

function textsIn(value: JsonObject[string]): readonly string[] {
  return isList(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** `v10`, `v2`, `v1`, `v2beta1`, `v1alpha1`, then others by their names. */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [rankOf(left), rankOf(right)];
  if (a === undefined || b === undefined) {
    if (a === undefined && b === undefined) return left < right ? -1 : 1;
    return a === undefined ? 1 : -1;
  }
  return b.stability - a.stability || b.major - a.major || b.minor - a.minor;
}

function rankOf(
  version: string,
): { readonly stability: number; readonly major: number; readonly minor: number } | undefined {
  const [whole, major, level, minor] = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version) ?? [];
  if (whole === undefined) return undefined;
  const stability = level === undefined ? 2 : level === 'beta' ? 1 : 0;
  return { stability, major: Number(major), minor: Number(minor ?? 0) };
}
