import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ApiError } from '../../../api/status.ts';
import { limits } from '../../../base/limits.ts';
import { anonymous, type User } from '../user.ts';
import { userOfBootstrapToken } from './bootstrap-token.ts';
import { userOfCertificate } from './client-certificate.ts';
import type { KnownObjects } from './objects.ts';
import { issuer, type ServiceAccountTokens, type TokenHolder } from './service-account-token.ts';

/** Who may come without saying who he is: to the paths of health checks, everywhere or nowhere. */
export type AnonymousAccess = 'health' | 'all' | 'none';

const healthPaths = /^\/(livez|readyz|healthz|version)(\/|$)/;
/** An account that is deleted is believed no longer than this. */
const rememberedMs = 10_000;

interface Remembered {
  readonly holder: TokenHolder;
  readonly untilMs: number;
}

export interface AuthenticatorOptions {
  readonly tokens: ServiceAccountTokens;
  readonly objects: KnownObjects;
  readonly anonymous: AnonymousAccess;
}

/** Finds out who asks. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #remembered = new Map<string, Remembered>();

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  /** Throws `Unauthorized`. */
  async authenticate(request: IncomingMessage): Promise<User> {
    const certified = userOfCertificate(request.socket);
    if (certified !== undefined && certified !== 'refused') return certified;
    const token = tokenOf(request);
    if (token !== undefined) return await this.#userOfToken(token);
    if (certified === 'refused' || !this.#letsIn(request.url ?? '')) throw unauthorized();
    return anonymous;
  }

  /** Whom a token stands for; undefined when it is no good. */
  async holder(token: string): Promise<TokenHolder | undefined> {
    const key = createHash('sha256').update(token).digest('base64');
    const now = new Date();
    const before = this.#remembered.get(key);
    if (before !== undefined && now.getTime() < before.untilMs) return before.holder;
    this.#remembered.delete(key);
    const holder = await this.#ask(token, now);
    if (holder === undefined) return undefined;
    const untilMs = Math.min(now.getTime() + rememberedMs, holder.untilMs);
    if (this.#remembered.size >= limits.apiRememberedTokens) {
      const [oldest] = this.#remembered.keys();
      if (oldest !== undefined) this.#remembered.delete(oldest);
    }
    this.#remembered.set(key, { holder, untilMs });
    return holder;
  }

  async #ask(token: string, now: Date): Promise<TokenHolder | undefined> {
    const { tokens, objects } = this.#options;
    if (token.includes('.') && token.length === 23) {
      const user = await userOfBootstrapToken(token, objects, now);
      return user && { user, audiences: [issuer], untilMs: now.getTime() + rememberedMs };
    }
    return await tokens.holder(token, now);
  }

  async #userOfToken(token: string): Promise<User> {
    const holder = await this.holder(token);
    if (holder?.audiences.includes(issuer) !== true) throw unauthorized();
    return holder.user;
  }

  #letsIn(url: string): boolean {
    const { anonymous: access } = this.#options;
    // Of the path as it will be served: `/livez/../api` is not about health.
    const { pathname } = new URL(url, 'http://localhost');
    return access === 'all' || (access === 'health' && healthPaths.test(pathname));
  }
}

export function unauthorized(): ApiError {
  return new ApiError('Unauthorized', 'Unauthorized');
}

/** Of `Authorization: Bearer …`; undefined when there is none. */
function tokenOf({ headers }: IncomingMessage): string | undefined {
  const words = (headers.authorization ?? '').trim().split(' ');
  if (words[0]?.toLowerCase() !== 'bearer') return undefined;
  return words[1] ?? '';
}
