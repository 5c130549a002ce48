import { equal, type JsonObject, textOf } from '../../../api/json.ts';
import { forbidden, notFound } from '../../../api/status.ts';
import type { ClusterRole, PolicyRule, RoleBinding } from '../../../api/types/generated/rbac-v1.ts';
import { findResource } from '../../../api/kinds.ts';
import type { Place } from '../../registry.ts';
import type { WriteAttempt } from '../gate.ts';
import { groupsOfAll, type User } from '../user.ts';
import type { ResourceAttributes } from './attributes.ts';
import type { RoleIndex } from './role-index.ts';
import { notCovered, ruleText } from './rule.ts';

const group = 'rbac.authorization.k8s.io';
const everything: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

/**
 * Nobody grants what he does not have himself: in roles unless he may `escalate` them, by bindings
 * unless he may `bind` their role. Throws `Forbidden`.
 */
export function checkEscalation(index: RoleIndex, attempt: WriteAttempt): void {
  const { place, operation, object, user } = attempt;
  if (place.kind.group !== group || operation === 'delete' || object === undefined) return;
  if (user.groups.includes(groupsOfAll.masters)) return;
  if (place.kind.builtIn.endsWith('Binding')) checkBinding(index, attempt, object);
  else checkRole(index, attempt, object);
}

function checkRole(index: RoleIndex, { place, old, user }: WriteAttempt, object: JsonObject): void {
  const role = object as unknown as ClusterRole;
  const isSame =
    old !== undefined &&
    equal(old['rules'], object['rules']) &&
    equal(old['aggregationRule'], object['aggregationRule']);
  if (isSame || may(index, user, attributesFor('escalate', place))) return;
  if (role.aggregationRule !== undefined) {
    if (notCovered(index.rulesOf(user, ''), everything).length > 0) {
      const why = 'must have cluster-admin privileges to use an aggregationRule';
      throw forbidden(place.kind, place.name, why);
    }
  }
  checkGranted(index, { place, user }, role.rules ?? []);
}

function checkBinding(
  index: RoleIndex,
  { place, old, user }: WriteAttempt,
  object: JsonObject,
): void {
  const { roleRef } = object as unknown as RoleBinding;
  const isSame =
    old !== undefined &&
    equal(old['roleRef'], object['roleRef']) &&
    equal(old['subjects'], object['subjects']);
  if (isSame) return;
  const plural = roleRef.kind === 'ClusterRole' ? 'clusterroles' : 'roles';
  const kind = findResource(`${group}/v1`, plural);
  if (kind === undefined) return;
  const { namespace } = place;
  const { name } = roleRef;
  const named = { verb: 'bind', group, resource: plural, subresource: '', namespace, name };
  if (may(index, user, named)) return;
  const rules = index.rulesOfRole(textOf(roleRef.kind), namespace, name);
  if (rules === undefined) throw notFound(kind, name);
  checkGranted(index, { place, user }, rules);
}

function attributesFor(verb: string, { kind, namespace, name }: Place): ResourceAttributes {
  return { verb, group, resource: kind.plural, subresource: '', namespace, name };
}

function may(index: RoleIndex, user: User, attributes: ResourceAttributes): boolean {
  return index.decide(user, attributes).allowed;
}

function checkGranted(
  index: RoleIndex,
  { place, user }: { readonly place: Place; readonly user: User },
  wanted: readonly PolicyRule[],
): void {
  const missing = notCovered(index.rulesOf(user, place.namespace), wanted);
  if (missing.length === 0) return;
  const groups = user.groups.map((name) => JSON.stringify(name)).join(' ');
  const why =
    `user ${JSON.stringify(user.name)} (groups=[${groups}]) is attempting to grant RBAC ` +
    `permissions not currently held:\n${gathered(missing).map(ruleText).join('\n')}`;
  throw forbidden(place.kind, place.name, why);
}

/** Rules about the same things in one, as a person would write them. */
function gathered(rules: readonly PolicyRule[]): PolicyRule[] {
  const byThing = new Map<string, PolicyRule>();
  for (const { verbs, ...thing } of rules) {
    const key = JSON.stringify(thing);
    const before = byThing.get(key)?.verbs ?? [];
    byThing.set(key, { ...thing, verbs: [...new Set([...before, ...verbs])] });
  }
  return [...byThing.values()];
}
