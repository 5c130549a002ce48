import type { IncomingMessage } from 'node:http';
import type { Authenticator } from './authenticate/authenticator.ts';
import { type Attributes, isPath } from './authorize/attributes.ts';
import { forbiddenRequest } from './authorize/forbidden.ts';
import type { Gate, WriteAttempt } from './gate.ts';
import { groupsOfAll, type User } from './user.ts';

/** The gate of a cluster. */
export class RequestGate implements Gate {
  readonly #authenticator: Authenticator;

  constructor(authenticator: Authenticator) {
    this.#authenticator = authenticator;
  }

  async authenticate(request: IncomingMessage): Promise<User> {
    return await this.#authenticator.authenticate(request);
  }

  async authorize(user: User, attributes: Attributes): Promise<void> {
    if (user.groups.includes(groupsOfAll.masters) || isPath(attributes)) return;
    throw forbiddenRequest(user, attributes, '');
  }

  async admit(_attempt: WriteAttempt): Promise<void> {}
}
