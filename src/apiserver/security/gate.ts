import type { IncomingMessage } from 'node:http';
import type { JsonObject } from '../../api/json.ts';
import type { Subresource } from '../../api/kind.ts';
import type { Place } from '../registry.ts';
import { ApiError } from '../../api/status.ts';
import type { PolicyRule } from '../../api/types/generated/rbac-v1.ts';
import type { TokenHolder, TokenPlan } from './authenticate/service-account-token.ts';
import type { Attributes } from './authorize/attributes.ts';
import type { Decision } from './authorize/decision.ts';
import { ownUser, type User } from './user.ts';

/** A change that is about to be kept, as who asks wants it. */
export interface WriteAttempt {
  readonly operation: 'create' | 'update' | 'delete';
  /** Its kind is the stored one. */
  readonly place: Place;
  readonly subresource: Subresource | undefined;
  /** Undefined for a deletion. */
  readonly object: JsonObject | undefined;
  /** Undefined for what is new. */
  readonly old: JsonObject | undefined;
  readonly user: User;
}

/** What stands between a request and the API: who asks, and whether they may. */
export interface Gate {
  /** Throws `Unauthorized`; `Forbidden` for who may not act as somebody else. */
  authenticate(request: IncomingMessage): Promise<User>;
  /** Throws `Forbidden`. */
  authorize(user: User, attributes: Attributes): Promise<void>;
  /** What only the object itself shows: escalation, a node's own things. Throws `Forbidden`. */
  admit(attempt: WriteAttempt): Promise<void>;

  /** What reviews ask. */
  decide(user: User, attributes: Attributes): Decision;
  /** All that somebody may do in a namespace, and everywhere. */
  rulesOf(user: User, namespace: string): readonly PolicyRule[];
  /** Whom a token stands for; undefined when it is no good. */
  holder(token: string): Promise<TokenHolder | undefined>;
  /** A token for a service account. Throws `MethodNotAllowed` where there are none. */
  issueToken(plan: TokenPlan, now: Date): string;
}

/** Lets everybody do everything: for tests, on loopback. */
export const openGate: Gate = {
  authenticate: async () => ownUser('system:admin'),
  authorize: async () => undefined,
  admit: async () => undefined,
  decide: () => ({ allowed: true, reason: '' }),
  rulesOf: () => [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  holder: async () => undefined,
  issueToken: () => {
    throw new ApiError('MethodNotAllowed', 'this server has no tokens');
  },
};
