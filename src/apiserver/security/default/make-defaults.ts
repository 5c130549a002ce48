import type { ApiClient, Stored } from '../../../api/client/client.ts';
import { resources } from '../../../api/client/resources.ts';
import { ApiError } from '../../../api/status.ts';
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
} from '../../../api/types/generated/rbac-v1.ts';
import { aggregated } from '../authorize/aggregate-roles.ts';
import { notCovered } from '../authorize/rule.ts';
import { type DefaultBinding, defaultBindings, readSubject } from './bindings.ts';
import { defaultRoles } from './roles.ts';
import type { DefaultRole } from './default-role.ts';
import { readRules } from './rule-text.ts';

const group = 'rbac.authorization.k8s.io';
const autoUpdate = `${group}/autoupdate`;

/**
 * Makes the roles and bindings that every cluster starts with, and gives those that are there what
 * they lack, unless somebody said to leave them alone (annotation `autoupdate: "false"`).
 */
export async function makeDefaults(client: ApiClient): Promise<void> {
  const [roles, bindings] = await Promise.all([
    client.list(resources.clusterRoles),
    client.list(resources.clusterRoleBindings),
  ]);
  const knownRoles = new Map(roles.items.map((role) => [role.metadata.name, role]));
  const knownBindings = new Map(bindings.items.map((entry) => [entry.metadata.name, entry]));
  let wanted = Object.entries(defaultRoles).map(([name, role]) => roleObject(name, role));
  // `admin` is made of `edit`, and that of `view`.
  for (let round = 0; round < 3; round += 1) {
    const before = wanted;
    wanted = before.map((role) => aggregated(role, before));
  }
  // All at once: the store writes what waits together.
  await Promise.all([
    ...wanted.map((role) => keepRole(client, knownRoles.get(role.metadata.name ?? ''), role)),
    ...Object.entries(defaultBindings).map(([name, binding]) =>
      keepBinding(client, knownBindings.get(name), bindingObject(name, binding)),
    ),
  ]);
}

async function keepRole(
  client: ApiClient,
  known: Stored<ClusterRole> | undefined,
  wanted: ClusterRole,
): Promise<void> {
  if (known === undefined) return await make(client.create(resources.clusterRoles, wanted));
  if (isLeftAlone(known)) return;
  const missing = notCovered(known.rules ?? [], wanted.rules ?? []);
  if (missing.length === 0 || wanted.aggregationRule !== undefined) return;
  const rules: PolicyRule[] = [...(known.rules ?? []), ...missing];
  await client.update(resources.clusterRoles, { ...known, rules });
}

async function keepBinding(
  client: ApiClient,
  known: Stored<ClusterRoleBinding> | undefined,
  wanted: ClusterRoleBinding,
): Promise<void> {
  if (known === undefined) return await make(client.create(resources.clusterRoleBindings, wanted));
  if (isLeftAlone(known)) return;
  const present = new Set((known.subjects ?? []).map(subjectText));
  const missing = (wanted.subjects ?? []).filter((entry) => !present.has(subjectText(entry)));
  if (missing.length === 0 || known.roleRef.name !== wanted.roleRef.name) return;
  const subjects = [...(known.subjects ?? []), ...missing];
  await client.update(resources.clusterRoleBindings, { ...known, subjects });
}

/** Another coordinator on the same store may have been faster. */
async function make(creation: Promise<unknown>): Promise<void> {
  await creation.catch((error: unknown) => {
    if (!(error instanceof ApiError) || error.reason !== 'AlreadyExists') throw error;
  });
}

function isLeftAlone({ metadata }: Pick<Stored<ClusterRole>, 'metadata'>): boolean {
  return metadata.annotations?.[autoUpdate] !== 'true';
}

function subjectText({ kind, name, namespace = '' }: ReturnType<typeof readSubject>): string {
  return `${kind} ${namespace}/${name}`;
}

function metadataFor(name: string, labels: Record<string, string> = {}) {
  const all = { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels };
  return { name, annotations: { [autoUpdate]: 'true' }, labels: all };
}

function label(word: string): Record<string, string> {
  return { [`${group}/${word}`]: 'true' };
}

function roleObject(name: string, { rules, aggregates, belongsTo }: DefaultRole): ClusterRole {
  return {
    metadata: metadataFor(name, belongsTo === undefined ? {} : label(belongsTo)),
    rules: readRules(rules),
    ...(aggregates !== undefined && {
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: label(aggregates) }] },
    }),
  };
}

function bindingObject(name: string, { role, subjects }: DefaultBinding): ClusterRoleBinding {
  return {
    metadata: metadataFor(name),
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: role },
    ...(subjects.length > 0 && { subjects: subjects.map(readSubject) }),
  };
}
