import { timingSafeEqual } from 'node:crypto';
import { type JsonObject, objectIn, textOf } from '../../../api/json.ts';
import { groupsOfAll, type User } from '../user.ts';
import { deletionOf, type KnownObjects } from './objects.ts';

const secretType = 'bootstrap.kubernetes.io/token';
const bootstrappers = 'system:bootstrappers';

/**
 * The user of a token that a machine joins with, `abcdef.0123456789abcdef`: its secret lies in
 * `kube-system/bootstrap-token-abcdef`. Undefined when there is none such or its time is over.
 */
export async function userOfBootstrapToken(
  token: string,
  objects: KnownObjects,
  now: Date,
): Promise<User | undefined> {
  const match = /^([a-z0-9]{6})\.([a-z0-9]{16})$/.exec(token);
  if (match === null) return undefined;
  const [, id = '', secret = ''] = match;
  const found = await objects.find('Secret', 'kube-system', `bootstrap-token-${id}`);
  if (found?.['type'] !== secretType || deletionOf(found) !== undefined) return undefined;
  const data = dataOf(found);
  if (data['token-id'] !== id || !isSame(data['token-secret'] ?? '', secret)) return undefined;
  if (data['usage-bootstrap-authentication'] !== 'true') return undefined;
  const { expiration } = data;
  if (expiration !== undefined && !(Date.parse(expiration) > now.getTime())) return undefined;
  const groups = groupsOf(data['auth-extra-groups'] ?? '');
  if (groups === undefined) return undefined;
  return {
    name: `system:bootstrap:${id}`,
    uid: '',
    groups: [bootstrappers, ...groups, groupsOfAll.authenticated],
    extra: {},
  };
}

function dataOf(secret: JsonObject): Readonly<Record<string, string>> {
  const entries = Object.entries(objectIn(secret, 'data'));
  return Object.fromEntries(
    entries.map(([key, value]) => [key, Buffer.from(textOf(value), 'base64').toString('utf8')]),
  );
}

/** As long for a wrong text as for the right one. */
function isSame(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Undefined when one of them is no group for those who join: then the token is no good. */
function groupsOf(text: string): string[] | undefined {
  const groups = text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  const fits = groups.every((word) =>
    /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/.test(word),
  );
  return fits ? groups : undefined;
}
