import { parse } from 'yaml';
import { isList, isObject, type Json, type JsonObject, textOf } from '../../../api/json.ts';
import { DomainError } from '../../../base/error.ts';
import { type Attributes, isPath } from '../authorize/attributes.ts';
import type { User } from '../user.ts';

const levels = ['None', 'Metadata', 'Request', 'RequestResponse'] as const;

export type AuditLevel = (typeof levels)[number];

/** Who asks for what, as far as it is known. */
export interface Occasion {
  readonly user: User | undefined;
  readonly attributes: Attributes;
}

/** How much is written down of which requests: the first rule that fits decides. */
export interface AuditPolicy {
  levelOf(occasion: Occasion): AuditLevel;
  /** Some rule wants answers: they have to be kept until it is known which. */
  readonly wantsAnswers: boolean;
}

interface PolicyRule {
  readonly level: AuditLevel;
  readonly users: readonly string[];
  readonly userGroups: readonly string[];
  readonly verbs: readonly string[];
  readonly namespaces: readonly string[];
  readonly resources: readonly ResourceRule[];
  readonly nonResourceURLs: readonly string[];
}

interface ResourceRule {
  readonly group: string;
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
}

/** Everything but health checks, without bodies. */
export const defaultPolicy: AuditPolicy = {
  wantsAnswers: false,
  levelOf: ({ attributes }) =>
    isPath(attributes) && /^\/(livez|readyz|healthz|version)/.test(attributes.path)
      ? 'None'
      : 'Metadata',
};

const ruleFields = [
  'level',
  'users',
  'userGroups',
  'verbs',
  'namespaces',
  'resources',
  'nonResourceURLs',
];
/** Taken, for such files have them: one stage is written anyway, and fields are never managed. */
const ignoredFields = ['omitStages', 'omitManagedFields'];

/** Reads a Policy of `audit.k8s.io/v1`. Throws DomainError `invalid`. */
export function parsePolicy(text: string, path: string): AuditPolicy {
  const document = parseYaml(text, path);
  const list = isObject(document) ? document['rules'] : undefined;
  if (!isObject(document) || document['kind'] !== 'Policy' || !isList(list)) {
    throw new DomainError('invalid', `"${path}" is no audit Policy with rules`);
  }
  const rules = list.map((rule, index) => readRule(rule, `rules[${index}] of "${path}"`));
  return {
    levelOf: (occasion) => rules.find((rule) => fits(rule, occasion))?.level ?? 'None',
    wantsAnswers: rules.some(({ level }) => level === 'RequestResponse'),
  };
}

function parseYaml(text: string, path: string): Json {
  try {
    return parse(text, { logLevel: 'error' }) as Json;
  } catch (cause) {
    throw new DomainError('invalid', `"${path}" is not YAML`, { cause });
  }
}

function readRule(rule: Json, where: string): PolicyRule {
  if (!isObject(rule)) throw new DomainError('invalid', `${where} is no rule`);
  for (const field of Object.keys(rule)) {
    if (ruleFields.includes(field) || ignoredFields.includes(field)) continue;
    throw new DomainError('invalid', `${where} has an unknown field "${field}"`);
  }
  const { resources } = rule;
  return {
    level: levelIn(rule['level'], where),
    users: textsIn(rule, 'users'),
    userGroups: textsIn(rule, 'userGroups'),
    verbs: textsIn(rule, 'verbs'),
    namespaces: textsIn(rule, 'namespaces'),
    nonResourceURLs: textsIn(rule, 'nonResourceURLs'),
    resources: (isList(resources) ? resources : []).filter(isObject).map((entry) => ({
      group: textOf(entry['group']),
      resources: textsIn(entry, 'resources'),
      resourceNames: textsIn(entry, 'resourceNames'),
    })),
  };
}

function levelIn(level: Json | undefined, where: string): AuditLevel {
  const known = levels.find((word) => word === level);
  if (known !== undefined) return known;
  const words = 'not None, Metadata, Request or RequestResponse';
  throw new DomainError('invalid', `The level in ${where} is ${JSON.stringify(level)}, ${words}`);
}

function textsIn(owner: JsonObject, field: string): readonly string[] {
  const list = owner[field];
  return isList(list) ? list.map(textOf) : [];
}

/** An empty list is no condition. */
function fits(rule: PolicyRule, { user, attributes }: Occasion): boolean {
  const { users, userGroups, verbs, resources, nonResourceURLs } = rule;
  if (users.length > 0 && !users.includes(user?.name ?? '')) return false;
  if (userGroups.length > 0 && user?.groups.some((name) => userGroups.includes(name)) !== true) {
    return false;
  }
  if (verbs.length > 0 && !verbs.includes(attributes.verb)) return false;
  if (resources.length === 0 && nonResourceURLs.length === 0 && rule.namespaces.length === 0) {
    return true;
  }
  if (isPath(attributes)) {
    const { path } = attributes;
    return nonResourceURLs.some((url) =>
      url.endsWith('*') ? path.startsWith(url.slice(0, -1)) : path === url,
    );
  }
  const { namespace, group, resource, subresource, name } = attributes;
  if (rule.namespaces.length > 0 && !rule.namespaces.includes(namespace)) return false;
  if (resources.length === 0) return nonResourceURLs.length === 0;
  const whole = subresource === '' ? resource : `${resource}/${subresource}`;
  const words = ['*', whole, `*/${subresource}`, ...(subresource === '' ? [] : [`${resource}/*`])];
  return resources.some(
    (entry) =>
      entry.group === group &&
      (entry.resources.length === 0 || entry.resources.some((word) => words.includes(word))) &&
      (entry.resourceNames.length === 0 || entry.resourceNames.includes(name)),
  );
}
