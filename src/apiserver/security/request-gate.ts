import type { IncomingMessage } from 'node:http';
import type { Authenticator } from './authenticate/authenticator.ts';
import { readImpersonation } from './authenticate/impersonation.ts';
import type { Attributes } from './authorize/attributes.ts';
import type { Authorizer } from './authorize/authorizer.ts';
import { checkEscalation } from './authorize/escalation.ts';
import { forbiddenRequest } from './authorize/forbidden.ts';
import { checkNode } from './authorize/node-restriction.ts';
import type { Gate, WriteAttempt } from './gate.ts';
import type { User } from './user.ts';

/** The gate of a cluster. */
export class RequestGate implements Gate {
  readonly #authenticator: Authenticator;
  readonly #authorizer: Authorizer;

  constructor(authenticator: Authenticator, authorizer: Authorizer) {
    this.#authenticator = authenticator;
    this.#authorizer = authorizer;
  }

  async authenticate(request: IncomingMessage): Promise<User> {
    const user = await this.#authenticator.authenticate(request);
    const impersonation = readImpersonation(request);
    if (impersonation === undefined) return user;
    for (const attributes of impersonation.needed) await this.authorize(user, attributes);
    return impersonation.user;
  }

  async authorize(user: User, attributes: Attributes): Promise<void> {
    const { allowed, reason } = this.#authorizer.decide(user, attributes);
    if (!allowed) throw forbiddenRequest(user, attributes, reason);
  }

  async admit(attempt: WriteAttempt): Promise<void> {
    checkNode(attempt);
    checkEscalation(this.#authorizer.roles, attempt);
  }
}
