/** Who asks, as authentication found out and authorization takes it. */
export interface User {
  /** `jane`, `system:node:host01`, `system:serviceaccount:default:web` */
  readonly name: string;
  /** Empty where there is none. */
  readonly uid: string;
  readonly groups: readonly string[];
  /** What else is known, for audit logs and reviews. */
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

export const groupsOfAll = {
  authenticated: 'system:authenticated',
  unauthenticated: 'system:unauthenticated',
  masters: 'system:masters',
  nodes: 'system:nodes',
  serviceAccounts: 'system:serviceaccounts',
} as const;

export const anonymous: User = {
  name: 'system:anonymous',
  uid: '',
  groups: [groupsOfAll.unauthenticated],
  extra: {},
};

/** What runs in the server's own process, which may do everything. */
export function ownUser(name: string): User {
  const groups = [groupsOfAll.masters, groupsOfAll.authenticated];
  return { name, uid: '', groups, extra: {} };
}

/** The user that a service account's tokens stand for. */
export function serviceAccountName(namespace: string, name: string): string {
  return `system:serviceaccount:${namespace}:${name}`;
}

export function serviceAccountGroups(namespace: string): string[] {
  return [groupsOfAll.serviceAccounts, `${groupsOfAll.serviceAccounts}:${namespace}`];
}

/** The node that a kubelet's user is; empty for anybody else. */
export function nodeOf({ name, groups }: User): string {
  const prefix = 'system:node:';
  return name.startsWith(prefix) && groups.includes(groupsOfAll.nodes)
    ? name.slice(prefix.length)
    : '';
}
