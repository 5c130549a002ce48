import type { Clock } from '../../base/clock.ts';
import { DomainError, messageOf } from '../../base/error.ts';
import type { ApiClient, Stored } from '../../api/client/client.ts';
import { resources } from '../../api/client/resources.ts';
import { objectIn, textOf } from '../../api/json.ts';
import type { Pod, ServiceAccountTokenProjection } from '../../api/types/generated/core-v1.ts';

/** A token lives so long at most before it is renewed. */
const longestUseMs = 24 * 3600 * 1000;
/** Of its life, what is over when it is renewed. */
const renewedAfter = 0.8;

interface Token {
  readonly text: string;
  readonly renewMs: number;
  readonly endMs: number;
}

/**
 * Tokens of service accounts, bound to pods. One is used until four fifths of its life are over,
 * also one that an earlier process asked for; when no new one can be had, until its end.
 */
export class Tokens {
  readonly #client: ApiClient;
  readonly #clock: Clock;
  /** By pod, then by what was asked for. */
  readonly #tokens = new Map<string, Map<string, Token>>();

  constructor(client: ApiClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** `written` is the token that the volume has now. */
  async issue(
    pod: Stored<Pod>,
    projection: ServiceAccountTokenProjection,
    written: string | undefined,
  ): Promise<string> {
    const { uid } = pod.metadata;
    const key = JSON.stringify([
      projection.path,
      projection.audience,
      projection.expirationSeconds,
    ]);
    const tokens = this.#tokens.get(uid) ?? new Map<string, Token>();
    const known = tokens.get(key) ?? readToken(written);
    const now = this.#clock.now();
    if (known !== undefined && now < known.renewMs) {
      this.#tokens.set(uid, tokens.set(key, known));
      return known.text;
    }
    try {
      const fresh = await this.#request(pod, projection);
      this.#tokens.set(uid, tokens.set(key, fresh));
      return fresh.text;
    } catch (error) {
      if (known !== undefined && this.#clock.now() < known.endMs) return known.text;
      const kind = error instanceof DomainError ? error.kind : 'unavailable';
      const message = `failed to fetch token: ${messageOf(error)}`;
      throw new DomainError(kind, message, { cause: error });
    }
  }

  /** The pods with a token that is to be renewed. */
  due(): readonly string[] {
    const now = this.#clock.now();
    return [...this.#tokens].flatMap(([uid, tokens]) =>
      [...tokens.values()].some(({ renewMs }) => renewMs <= now) ? [uid] : [],
    );
  }

  forget(uid: string): void {
    this.#tokens.delete(uid);
  }

  async #request(pod: Stored<Pod>, projection: ServiceAccountTokenProjection): Promise<Token> {
    const { audience = '', expirationSeconds = 3600 } = projection;
    const { namespace = '', name, uid } = pod.metadata;
    const account = pod.spec?.serviceAccountName ?? 'default';
    const askedMs = this.#clock.now();
    const answer = await this.#client.post(
      resources.serviceAccounts,
      { namespace, name: account, subresource: 'token' },
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        metadata: {},
        spec: {
          audiences: audience === '' ? [] : [audience],
          expirationSeconds,
          boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name, uid },
        },
      },
    );
    const { token, expirationTimestamp } = objectIn(answer, 'status');
    const text = textOf(token);
    if (text === '') throw new DomainError('unavailable', 'the server answered without a token');
    const endMs = Date.parse(textOf(expirationTimestamp));
    return madeOf(text, askedMs, Number.isNaN(endMs) ? askedMs + expirationSeconds * 1000 : endMs);
  }
}

function madeOf(text: string, sinceMs: number, endMs: number): Token {
  const lifeMs = Math.min((endMs - sinceMs) * renewedAfter, longestUseMs);
  return { text, renewMs: sinceMs + lifeMs, endMs };
}

/** When a token was issued and ends, by its own claims; nobody trusts them but its renewal. */
export function readToken(text: string | undefined): Token | undefined {
  const [, claims = ''] = (text ?? '').split('.');
  try {
    const { iat, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as {
      readonly iat?: unknown;
      readonly exp?: unknown;
    };
    if (typeof iat !== 'number' || typeof exp !== 'number' || text === undefined) return undefined;
    return madeOf(text, iat * 1000, exp * 1000);
  } catch {
    return undefined;
  }
}
