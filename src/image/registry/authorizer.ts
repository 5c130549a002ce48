import type { RegistryCredentials } from '../image-service.ts';
import { parseChallenges, type Challenge } from './challenge.ts';
import type { Endpoint } from './endpoint.ts';
import { denied, type Subject } from './registry-error.ts';
import { basicAuthorization, fetchToken, type Token } from './token.ts';
import type { HttpResponse, Transport } from './transport.ts';

export interface AuthorizerOptions {
  readonly transport: Transport;
  readonly endpoint: Endpoint;
  readonly subject: Subject;
  /** Looked up when a server asks for the first time. */
  readonly credentials: () => Promise<RegistryCredentials | undefined>;
}

/** What a server answered 401 to. */
export interface RefusedRequest {
  readonly scopes: readonly string[];
  /** The header as it was sent: others may have learned a better one meanwhile. */
  readonly sent: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Knows how to authenticate to one server for one pull or push. */
export interface Authorizer {
  /** The `Authorization` header for these scopes, as far as the server's way is known by now. */
  headerFor(scopes: readonly string[], signal?: AbortSignal): Promise<string | undefined>;
  /**
   * Learns from a 401. False when asking again would only get another one; DomainError `denied`
   * when there is nothing to authenticate with.
   */
  learn(response: HttpResponse, refused: RefusedRequest): Promise<boolean>;
  /** What must not appear in a message. */
  readonly secrets: readonly string[];
}

export function makeAuthorizer(options: AuthorizerOptions): Authorizer {
  const { transport, endpoint, subject } = options;
  const tokens = new Map<string, Token>();
  const secrets: string[] = [];
  let challenge: Challenge | undefined;
  let credentials: Promise<RegistryCredentials | undefined> | undefined;

  const known = async (): Promise<RegistryCredentials | undefined> => {
    credentials ??= options.credentials();
    const found = await credentials;
    for (const secret of [found?.password, found?.identityToken, found?.registryToken]) {
      if (secret !== undefined && !secrets.includes(secret)) secrets.push(secret);
    }
    return found;
  };

  const bearer = async (scopes: readonly string[], signal?: AbortSignal): Promise<string> => {
    const { registryToken, ...others } = (await known()) ?? {};
    if (registryToken !== undefined) return `Bearer ${registryToken}`;
    const key = scopes.join(' ');
    const kept = tokens.get(key);
    if (kept !== undefined && kept.expiresAtMs > Date.now()) return `Bearer ${kept.text}`;
    const token = await fetchToken(transport, {
      realm: challenge?.parameters['realm'] ?? '',
      service: challenge?.parameters['service'] ?? '',
      scopes,
      credentials: others.username === undefined && !others.identityToken ? undefined : others,
      endpoint,
      subject,
      ...(signal === undefined ? {} : { signal }),
    });
    tokens.set(key, token);
    secrets.push(token.text);
    return `Bearer ${token.text}`;
  };

  return {
    secrets,
    async headerFor(scopes, signal) {
      if (challenge?.scheme === 'bearer') return await bearer(scopes, signal);
      if (challenge === undefined) return undefined;
      const { username, password } = (await known()) ?? {};
      if (username === undefined) throw denied(subject);
      return basicAuthorization(username, password ?? '');
    },
    async learn(response, { scopes, sent, signal }) {
      const offered = chooseChallenge(response);
      if (offered === undefined) throw denied(subject);
      challenge = offered;
      const key = scopes.join(' ');
      if (sent === `Bearer ${tokens.get(key)?.text}`) tokens.delete(key);
      return (await this.headerFor(scopes, signal)) !== sent;
    },
  };
}

function chooseChallenge(response: HttpResponse): Challenge | undefined {
  const header = response.headers['www-authenticate'];
  const challenges = (Array.isArray(header) ? header : [header ?? '']).flatMap(parseChallenges);
  return (
    challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters['realm']) ??
    challenges.find(({ scheme }) => scheme === 'basic')
  );
}
