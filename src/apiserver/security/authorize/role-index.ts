import { type JsonObject, textOf } from '../../../api/json.ts';
import { metadataOf } from '../../object-text.ts';
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Subject,
} from '../../../api/types/generated/rbac-v1.ts';
import { serviceAccountName, type User } from '../user.ts';
import { type Attributes, isPath } from './attributes.ts';
import type { Decision } from './decision.ts';
import { Rule } from './rule.ts';

/** A binding as one of its subjects has it. */
interface Grant {
  /** `ClusterRole` or `Role`. */
  readonly roleKind: string;
  readonly roleName: string;
  /** Empty for a ClusterRoleBinding. */
  readonly namespace: string;
  readonly bindingName: string;
  /** `Group "system:masters"` */
  readonly subjectText: string;
}

/** By subject, then by binding. */
type Grants = Map<string, Map<string, Grant>>;

/** Roles and bindings, compiled and kept as they change: who may do what, in microseconds. */
export class RoleIndex {
  readonly #rules = new Map<string, readonly Rule[]>();
  /** By namespace; the empty one is all of the cluster. */
  readonly #grants = new Map<string, Grants>();
  readonly #subjects = new Map<string, readonly string[]>();

  setRole(role: JsonObject): void {
    const { kind, rules = [] } = role as unknown as ClusterRole;
    this.#rules.set(
      roleKey(kind ?? '', role),
      (rules ?? []).map((rule) => new Rule(rule)),
    );
  }

  removeRole(role: JsonObject): void {
    this.#rules.delete(roleKey(textOf(role['kind']), role));
  }

  setBinding(binding: JsonObject): void {
    this.removeBinding(binding);
    const { namespace, name } = placeOf(binding);
    const { subjects, roleRef } = binding as unknown as ClusterRoleBinding;
    const keys = (subjects ?? []).map((subject) => {
      const key = subjectKey(subject, namespace);
      const grants = this.#grants.get(namespace) ?? new Map<string, Map<string, Grant>>();
      this.#grants.set(namespace, grants);
      const own = grants.get(key) ?? new Map<string, Grant>();
      grants.set(key, own);
      own.set(name, {
        roleKind: roleRef.kind,
        roleName: roleRef.name,
        namespace,
        bindingName: name,
        subjectText: subjectText(subject, namespace),
      });
      return key;
    });
    this.#subjects.set(`${namespace}/${name}`, keys);
  }

  removeBinding(binding: JsonObject): void {
    const { namespace, name } = placeOf(binding);
    const grants = this.#grants.get(namespace);
    for (const key of this.#subjects.get(`${namespace}/${name}`) ?? []) {
      grants?.get(key)?.delete(name);
      if (grants?.get(key)?.size === 0) grants.delete(key);
    }
    if (grants?.size === 0) this.#grants.delete(namespace);
    this.#subjects.delete(`${namespace}/${name}`);
  }

  decide(user: User, attributes: Attributes): Decision {
    const missing: string[] = [];
    const namespace = isPath(attributes) ? '' : attributes.namespace;
    for (const grant of this.#grantsOf(user, namespace)) {
      const rules = this.#rules.get(keyOfGrant(grant));
      if (rules === undefined) missing.push(notFoundText(grant));
      else if (rules.some((rule) => rule.allows(attributes))) {
        return { allowed: true, reason: `RBAC: allowed by ${grantText(grant)}` };
      }
    }
    const [first = ''] = missing;
    const list = missing.length > 1 ? `[${missing.join(', ')}]` : first;
    return { allowed: false, reason: missing.length === 0 ? '' : `RBAC: ${list}` };
  }

  /** All rules that hold for somebody in a namespace, or in the whole cluster. */
  rulesOf(user: User, namespace: string): readonly PolicyRule[] {
    return [...this.#grantsOf(user, namespace)].flatMap((grant) =>
      (this.#rules.get(keyOfGrant(grant)) ?? []).map(({ source }) => source),
    );
  }

  /** A role's rules; undefined when there is no such role. */
  rulesOfRole(kind: string, namespace: string, name: string): readonly PolicyRule[] | undefined {
    const key = kind === 'ClusterRole' ? `ClusterRole//${name}` : `Role/${namespace}/${name}`;
    return this.#rules.get(key)?.map(({ source }) => source);
  }

  *#grantsOf(user: User, namespace: string): Generator<Grant> {
    for (const place of namespace === '' ? [''] : ['', namespace]) {
      const grants = this.#grants.get(place);
      if (grants === undefined) continue;
      yield* grants.get(`u:${user.name}`)?.values() ?? [];
      for (const group of user.groups) yield* grants.get(`g:${group}`)?.values() ?? [];
    }
  }
}

function placeOf(object: JsonObject): { namespace: string; name: string } {
  const { namespace, name } = metadataOf(object);
  return {
    namespace: typeof namespace === 'string' ? namespace : '',
    name: typeof name === 'string' ? name : '',
  };
}

function roleKey(kind: string, role: JsonObject): string {
  const { namespace, name } = placeOf(role);
  return `${kind}/${namespace}/${name}`;
}

function keyOfGrant({ roleKind, roleName, namespace }: Grant): string {
  return roleKind === 'ClusterRole' ? `ClusterRole//${roleName}` : `Role/${namespace}/${roleName}`;
}

function subjectKey({ kind, name, namespace }: Subject, own: string): string {
  if (kind === 'Group') return `g:${name}`;
  if (kind !== 'ServiceAccount') return `u:${name}`;
  return `u:${serviceAccountName(namespaceOf(namespace, own), name)}`;
}

function subjectText({ kind, name, namespace }: Subject, own: string): string {
  const whole = kind === 'ServiceAccount' ? `${name}/${namespaceOf(namespace, own)}` : name;
  return `${kind} ${JSON.stringify(whole)}`;
}

function namespaceOf(namespace: string | undefined, own: string): string {
  return namespace === undefined || namespace === '' ? own : namespace;
}

function grantText({ roleKind, roleName, namespace, bindingName, subjectText: who }: Grant) {
  const binding =
    namespace === ''
      ? `ClusterRoleBinding ${JSON.stringify(bindingName)}`
      : `RoleBinding ${JSON.stringify(`${bindingName}/${namespace}`)}`;
  return `${binding} of ${roleKind} ${JSON.stringify(roleName)} to ${who}`;
}

function notFoundText({ roleKind, roleName }: Grant): string {
  const resource = `${roleKind.toLowerCase()}.rbac.authorization.k8s.io`;
  return `${resource} ${JSON.stringify(roleName)} not found`;
}
