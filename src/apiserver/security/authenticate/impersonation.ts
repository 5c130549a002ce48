import type { IncomingMessage } from 'node:http';
import { badRequest } from '../../../api/status.ts';
import { limits } from '../../../base/limits.ts';
import type { ResourceAttributes } from '../authorize/attributes.ts';
import { groupsOfAll, serviceAccountGroups, type User } from '../user.ts';

/** Whom a request wants to be, and what who asks must be allowed for it. */
export interface Impersonation {
  readonly user: User;
  /** All of them, with the verb `impersonate`. */
  readonly needed: readonly ResourceAttributes[];
}

const prefix = 'impersonate-';
const extraPrefix = 'impersonate-extra-';
const authentication = 'authentication.k8s.io';

/** Reads `Impersonate-User` and its like; undefined when there are none. Throws `BadRequest`. */
export function readImpersonation({ headersDistinct }: IncomingMessage): Impersonation | undefined {
  const given = Object.entries(headersDistinct).filter(([name]) => name.startsWith(prefix));
  if (given.length === 0) return undefined;
  const headers = new Map(given.map(([name, values]) => [name, (values ?? []).map(decodeLatin)]));
  if ([...headers.values()].flat().length > limits.apiImpersonatedWords) {
    throw badRequest('the request impersonates too many groups');
  }
  const [name = ''] = headers.get('impersonate-user') ?? [];
  const groups = headers.get('impersonate-group') ?? [];
  const [uid = ''] = headers.get('impersonate-uid') ?? [];
  const extra = readExtra(headers);
  if (name === '') {
    const what = JSON.stringify([...headers.keys()]);
    throw badRequest(`requested ${what} without impersonating a user`);
  }
  const user = { name, uid, groups: allGroups(name, groups), extra };
  return { user, needed: neededFor({ name, groups, uid, extra }) };
}

const impersonators = new WeakMap<IncomingMessage, User>();

/** Keeps in mind who really asks. */
export function setImpersonator(request: IncomingMessage, user: User): void {
  impersonators.set(request, user);
}

/** Who really asks, where somebody acts as another. */
export function impersonatorOf(request: IncomingMessage): User | undefined {
  return impersonators.get(request);
}

/** `Impersonate-Extra-Example.com%2Fscope: a`: keys are escaped for headers. */
function readExtra(headers: ReadonlyMap<string, readonly string[]>): Record<string, string[]> {
  const extra: Record<string, string[]> = {};
  for (const [header, values] of headers) {
    if (!header.startsWith(extraPrefix)) continue;
    const escaped = header.slice(extraPrefix.length);
    const key = unescaped(escaped).toLowerCase();
    Object.defineProperty(extra, key, { value: [...values], enumerable: true });
  }
  return extra;
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Node hands the bytes of a header over as Latin-1. */
function decodeLatin(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8');
}

function accountOf(name: string): { namespace: string; account: string } | undefined {
  const match = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  return match === null ? undefined : { namespace: match[1] ?? '', account: match[2] ?? '' };
}

function allGroups(name: string, given: readonly string[]): string[] {
  const account = accountOf(name);
  const groups = [...given];
  if (given.length === 0 && account !== undefined) {
    groups.push(...serviceAccountGroups(account.namespace));
  }
  const last =
    name === 'system:anonymous' ? groupsOfAll.unauthenticated : groupsOfAll.authenticated;
  if (!groups.includes(groupsOfAll.unauthenticated)) groups.push(last);
  return [...new Set(groups)];
}

function neededFor({ name, groups, uid, extra }: User): ResourceAttributes[] {
  const account = accountOf(name);
  const own =
    account === undefined
      ? needed('', 'users', name)
      : { ...needed('', 'serviceaccounts', account.account), namespace: account.namespace };
  return [
    own,
    ...groups.map((group) => needed('', 'groups', group)),
    ...(uid === '' ? [] : [needed(authentication, 'uids', uid)]),
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map((value) => ({
        ...needed(authentication, 'userextras', value),
        subresource: key,
      })),
    ),
  ];
}

function needed(group: string, resource: string, name: string): ResourceAttributes {
  return { verb: 'impersonate', group, resource, subresource: '', namespace: '', name };
}
