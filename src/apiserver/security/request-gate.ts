import type { IncomingMessage } from 'node:http';
import type { Authenticator } from './authenticate/authenticator.ts';
import { readImpersonation, setImpersonator } from './authenticate/impersonation.ts';
import type {
  ServiceAccountTokens,
  TokenHolder,
  TokenPlan,
} from './authenticate/service-account-token.ts';
import type { Decision } from './authorize/decision.ts';
import type { PolicyRule } from '../../api/types/generated/rbac-v1.ts';
import type { Attributes } from './authorize/attributes.ts';
import type { Authorizer } from './authorize/authorizer.ts';
import { checkEscalation } from './authorize/escalation.ts';
import { forbiddenRequest } from './authorize/forbidden.ts';
import { checkNode } from './authorize/node-restriction.ts';
import { checkRequest } from './certificate/check-request.ts';
import type { Gate, WriteAttempt } from './gate.ts';
import type { User } from './user.ts';

export interface GateParts {
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly tokens: ServiceAccountTokens;
}

/** The gate of a cluster. */
export class RequestGate implements Gate {
  readonly #authenticator: Authenticator;
  readonly #authorizer: Authorizer;
  readonly #tokens: ServiceAccountTokens;

  constructor({ authenticator, authorizer, tokens }: GateParts) {
    this.#authenticator = authenticator;
    this.#authorizer = authorizer;
    this.#tokens = tokens;
  }

  async authenticate(request: IncomingMessage): Promise<User> {
    const user = await this.#authenticator.authenticate(request);
    const impersonation = readImpersonation(request);
    if (impersonation === undefined) return user;
    for (const attributes of impersonation.needed) await this.authorize(user, attributes);
    setImpersonator(request, user);
    return impersonation.user;
  }

  async authorize(user: User, attributes: Attributes): Promise<void> {
    const { allowed, reason } = this.decide(user, attributes);
    if (!allowed) throw forbiddenRequest(user, attributes, reason);
  }

  decide(user: User, attributes: Attributes): Decision {
    return this.#authorizer.decide(user, attributes);
  }

  rulesOf(user: User, namespace: string): readonly PolicyRule[] {
    return this.#authorizer.roles.rulesOf(user, namespace);
  }

  holder(token: string): Promise<TokenHolder | undefined> {
    return this.#authenticator.holder(token);
  }

  issueToken(plan: TokenPlan, now: Date): string {
    return this.#tokens.issue(plan, now);
  }

  async admit(attempt: WriteAttempt): Promise<void> {
    checkNode(attempt);
    await checkRequest(attempt, (user, attributes) => this.decide(user, attributes));
    checkEscalation(this.#authorizer.roles, attempt);
  }
}
