import { randomUUID } from 'node:crypto';
import { isList, isObject, type JsonObject, objectIn, textOf } from '../../../api/json.ts';
import { groupsOfAll, serviceAccountGroups, serviceAccountName, type User } from '../user.ts';
import type { TokenKeys } from './json-web-token.ts';
import { type BoundKind, deletionOf, type KnownObjects, uidOf } from './objects.ts';

/** What a token is good for. */
export interface TokenPlan {
  readonly namespace: string;
  readonly account: { readonly name: string; readonly uid: string };
  readonly audiences: readonly string[];
  readonly lifetimeSeconds: number;
  /** The token ends with these: `pod`, `secret`, `node`. */
  readonly bound: Readonly<Partial<Record<BoundWord, BoundObject>>>;
}

export interface BoundObject {
  readonly name: string;
  readonly uid: string;
}

export type BoundWord = 'pod' | 'secret' | 'node';

/** Whom a token stands for, and where it may be shown. */
export interface TokenHolder {
  readonly user: User;
  readonly audiences: readonly string[];
  /** Milliseconds since 1970. */
  readonly untilMs: number;
}

export const issuer = 'https://kubernetes.default.svc.cluster.local';

/** A pod's tokens outlive its deletion so long, for what it says while it ends. */
const farewellMs = 60_000;
/** Clocks of a cluster's machines differ. */
const clockDifferenceMs = 10_000;
const boundKinds: Readonly<Record<BoundWord, BoundKind>> = {
  pod: 'Pod',
  secret: 'Secret',
  node: 'Node',
};

/** Signs and checks the tokens of service accounts. */
export class ServiceAccountTokens {
  readonly #keys: TokenKeys;
  readonly #objects: KnownObjects;

  constructor(keys: TokenKeys, objects: KnownObjects) {
    this.#keys = keys;
    this.#objects = objects;
  }

  issue({ namespace, account, audiences, lifetimeSeconds, bound }: TokenPlan, now: Date): string {
    const seconds = Math.floor(now.getTime() / 1000);
    const claims: JsonObject = {
      aud: audiences,
      exp: seconds + lifetimeSeconds,
      iat: seconds,
      iss: issuer,
      jti: randomUUID(),
      'kubernetes.io': { namespace, ...(bound as JsonObject), serviceaccount: { ...account } },
      nbf: seconds,
      sub: serviceAccountName(namespace, account.name),
    };
    return this.#keys.sign(claims);
  }

  /**
   * Whom a token stands for now. Undefined when it is none of ours, not yet or no longer valid, or
   * when its account, or what it is bound to, is not there any more.
   */
  async holder(token: string, now: Date): Promise<TokenHolder | undefined> {
    const claims = this.#keys.verify(token);
    if (claims === undefined || claims['iss'] !== issuer) return undefined;
    const { exp, nbf, aud, jti } = claims;
    const time = now.getTime();
    if (typeof exp !== 'number' || time >= exp * 1000) return undefined;
    if (typeof nbf === 'number' && time < nbf * 1000 - clockDifferenceMs) return undefined;
    const audiences = isList(aud) ? aud.filter((word) => typeof word === 'string') : [];
    const own = objectIn(claims, 'kubernetes.io');
    const user = await this.#userOf(claims, own, now);
    if (user === undefined) return undefined;
    const id = textOf(jti);
    const extra = {
      ...(id !== '' && { 'authentication.kubernetes.io/credential-id': [`JTI=${id}`] }),
      ...user.extra,
    };
    return { user: { ...user, extra }, audiences, untilMs: exp * 1000 };
  }

  async #userOf(claims: JsonObject, own: JsonObject, now: Date): Promise<User | undefined> {
    const namespace = textOf(own['namespace']);
    const account = objectIn(own, 'serviceaccount');
    const name = textOf(account['name']);
    if (claims['sub'] !== serviceAccountName(namespace, name)) return undefined;
    const found = await this.#objects.find('ServiceAccount', namespace, name);
    if (found === undefined || uidOf(found) !== account['uid']) return undefined;
    if (isOver(found, now)) return undefined;
    const extra: Record<string, readonly string[]> = {};
    for (const word of ['pod', 'secret', 'node'] as const) {
      const bound = own[word];
      if (!isObject(bound)) continue;
      if (!(await this.#isThere(word, { namespace, bound, isOnlyInformed: isOfPod(own, word) })))
        return undefined;
      if (word === 'secret') continue;
      extra[`authentication.kubernetes.io/${word}-name`] = [textOf(bound['name'])];
      extra[`authentication.kubernetes.io/${word}-uid`] = [textOf(bound['uid'])];
    }
    const groups = [...serviceAccountGroups(namespace), groupsOfAll.authenticated];
    return { name: textOf(claims['sub']), uid: uidOf(found), groups, extra };
  }

  async #isThere(word: BoundWord, { namespace, bound, isOnlyInformed }: Binding): Promise<boolean> {
    if (isOnlyInformed) return true;
    const where = word === 'node' ? '' : namespace;
    const object = await this.#objects.find(boundKinds[word], where, textOf(bound['name']));
    if (object === undefined || uidOf(object) !== bound['uid']) return false;
    return !isOver(object, new Date());
  }
}

interface Binding {
  readonly namespace: string;
  readonly bound: JsonObject;
  /** A pod's token tells its node, and ends with the pod alone. */
  readonly isOnlyInformed: boolean;
}

function isOfPod(own: JsonObject, word: BoundWord): boolean {
  return word === 'node' && isObject(own['pod']);
}

function isOver(object: JsonObject, now: Date): boolean {
  const end = deletionOf(object);
  return end !== undefined && now.getTime() > end + farewellMs;
}
