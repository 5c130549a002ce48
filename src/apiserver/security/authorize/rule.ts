import type { PolicyRule } from '../../../api/types/generated/rbac-v1.ts';
import { type Attributes, isPath, type ResourceAttributes } from './attributes.ts';

/** A rule of a role in the form that is quick to ask. */
export class Rule {
  readonly source: PolicyRule;
  readonly #verbs: ReadonlySet<string>;
  readonly #groups: ReadonlySet<string>;
  readonly #resources: ReadonlySet<string>;
  readonly #names: ReadonlySet<string>;
  readonly #paths: readonly string[];

  constructor(source: PolicyRule) {
    this.source = source;
    this.#verbs = new Set(source.verbs);
    this.#groups = new Set(source.apiGroups);
    this.#resources = new Set(source.resources);
    this.#names = new Set(source.resourceNames);
    this.#paths = source.nonResourceURLs ?? [];
  }

  allows(attributes: Attributes): boolean {
    if (!this.#verbs.has(attributes.verb) && !this.#verbs.has('*')) return false;
    if (isPath(attributes)) return this.#paths.some((path) => isBelow(attributes.path, path));
    return this.#allowsResource(attributes);
  }

  #allowsResource({ group, resource, subresource, name }: ResourceAttributes): boolean {
    if (!this.#groups.has(group) && !this.#groups.has('*')) return false;
    const isNamed = this.#names.size === 0 || this.#names.has(name);
    if (!isNamed) return false;
    if (this.#resources.has('*')) return true;
    if (subresource === '') return this.#resources.has(resource);
    return (
      this.#resources.has(`${resource}/${subresource}`) || this.#resources.has(`*/${subresource}`)
    );
  }
}

function isBelow(path: string, pattern: string): boolean {
  if (pattern === '*' || pattern === path) return true;
  return pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1));
}

/**
 * Those of the wanted rules, each taken apart, that none of the owned ones includes: what somebody
 * would grant who does not have it.
 */
export function notCovered(
  owned: readonly PolicyRule[],
  wanted: readonly PolicyRule[],
): readonly PolicyRule[] {
  return wanted.flatMap(takenApart).filter((part) => !owned.some((rule) => covers(rule, part)));
}

/** Rules with one verb and one thing each. */
function takenApart(rule: PolicyRule): PolicyRule[] {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const names = resourceNames.length === 0 ? [undefined] : resourceNames;
  return verbs.flatMap((verb) => [
    ...nonResourceURLs.map((path) => ({ verbs: [verb], nonResourceURLs: [path] })),
    ...apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        names.map((name) => ({
          verbs: [verb],
          apiGroups: [group],
          resources: [resource],
          ...(name !== undefined && { resourceNames: [name] }),
        })),
      ),
    ),
  ]);
}

function covers(owner: PolicyRule, part: PolicyRule): boolean {
  if (!hasAll(owner.verbs, part.verbs)) return false;
  const [path] = part.nonResourceURLs ?? [];
  if (path !== undefined) {
    return (owner.nonResourceURLs ?? []).some((own) => isBelow(path, own));
  }
  if (!hasAll(owner.apiGroups, part.apiGroups)) return false;
  const [resource = ''] = part.resources ?? [];
  const below = resource.includes('/') ? `*/${resource.split('/')[1] ?? ''}` : resource;
  const owned = owner.resources ?? [];
  if (!owned.includes('*') && !owned.includes(resource) && !owned.includes(below)) return false;
  const names = owner.resourceNames ?? [];
  const [name] = part.resourceNames ?? [];
  return names.length === 0 || (name !== undefined && names.includes(name));
}

function hasAll(owned: readonly string[] = [], wanted: readonly string[] = []): boolean {
  return owned.includes('*') || wanted.every((word) => owned.includes(word));
}

/** `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`, as refusals show a rule. */
export function ruleText(rule: PolicyRule): string {
  const fields: readonly [string, readonly string[] | undefined][] = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['ResourceNames', rule.resourceNames],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['Verbs', rule.verbs],
  ];
  const shown = fields
    .filter(([, words]) => (words ?? []).length > 0)
    .map(
      ([name, words = []]) => `${name}:[${words.map((word) => JSON.stringify(word)).join(', ')}]`,
    );
  return `{${shown.join(', ')}}`;
}
