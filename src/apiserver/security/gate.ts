import type { IncomingMessage } from 'node:http';
import type { JsonObject } from '../../api/json.ts';
import type { Subresource } from '../../api/kind.ts';
import type { Place } from '../registry.ts';
import type { Attributes } from './authorize/attributes.ts';
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
}

/** Lets everybody do everything: for tests, on loopback. */
export const openGate: Gate = {
  authenticate: async () => ownUser('system:admin'),
  authorize: async () => undefined,
  admit: async () => undefined,
};
