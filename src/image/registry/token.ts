import { DomainError } from '../../base/error.ts';
import { shortened } from '../digest.ts';
import type { RegistryCredentials } from '../image-service.ts';
import { parseJsonObject, textField } from '../json.ts';
import { isLoopback, type Endpoint } from './endpoint.ts';
import { discardBody, readBody } from './read-body.ts';
import { denied, isConnectionError, unreachable, type Subject } from './registry-error.ts';
import type { HttpResponse, Transport } from './transport.ts';

export interface TokenRequest {
  /** The challenge's `realm`, checked here, and its `service`. */
  readonly realm: string;
  readonly service: string;
  readonly scopes: readonly string[];
  readonly credentials: RegistryCredentials | undefined;
  /** The server that asks for the token. */
  readonly endpoint: Endpoint;
  readonly subject: Subject;
  readonly signal?: AbortSignal;
}

export interface Token {
  readonly text: string;
  readonly expiresAtMs: number;
}

// The specification's minimum, and what holds when a server says nothing.
const shortestLifeMs = 60_000;
// A token is not used so shortly before its end that it could expire on the way.
const marginMs = 10_000;
const longestToken = 32 * 1024;

/**
 * Gets a bearer token by the Docker registry token protocol: GET with basic authentication, or,
 * with an identity token or where GET is refused, the OAuth2 POST. Throws DomainError `denied`,
 * `unavailable`, `invalid`.
 */
export async function fetchToken(transport: Transport, request: TokenRequest): Promise<Token> {
  const realm = checkedRealm(request);
  try {
    if (request.credentials?.identityToken !== undefined) {
      return await tokenOf(await postForToken(transport, realm, request), request);
    }
    const response = await getToken(transport, realm, request);
    const wantsPost = [404, 405, 501].includes(response.status) && request.credentials?.username;
    if (!wantsPost) return await tokenOf(response, request);
    await discardBody(response);
    return await tokenOf(await postForToken(transport, realm, request), request);
  } catch (error) {
    request.signal?.throwIfAborted();
    if (error instanceof DomainError || !isConnectionError(error)) throw error;
    throw unreachable(realm.host, error);
  }
}

/** Passwords do not travel in the clear because a registry says so. */
function checkedRealm({ realm, endpoint }: TokenRequest): URL {
  const url = URL.parse(realm);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '') {
    throw new DomainError('invalid', `Token server "${shortened(realm)}" is not an http(s) URL`);
  }
  const mayBePlain = endpoint.origin.startsWith('http:') || isLoopback(url.host);
  if (url.protocol === 'http:' && !mayBePlain) {
    throw new DomainError('invalid', `Token server "${shortened(url.host)}" does not use TLS`);
  }
  return url;
}

function getToken(transport: Transport, realm: URL, request: TokenRequest): Promise<HttpResponse> {
  const url = new URL(realm);
  if (request.service !== '') url.searchParams.set('service', request.service);
  for (const scope of request.scopes) url.searchParams.append('scope', scope);
  const { username, password } = request.credentials ?? {};
  if (username === undefined || username === '')
    return send(transport, request, { method: 'GET', url });
  url.searchParams.set('account', username);
  const authorization = basicAuthorization(username, password ?? '');
  return send(transport, request, { method: 'GET', url, headers: { authorization } });
}

function postForToken(
  transport: Transport,
  url: URL,
  request: TokenRequest,
): Promise<HttpResponse> {
  const { username = '', password = '', identityToken } = request.credentials ?? {};
  const form = new URLSearchParams({
    service: request.service,
    client_id: 'keelson',
    scope: request.scopes.join(' '),
  });
  if (identityToken === undefined) {
    form.set('grant_type', 'password');
    form.set('username', username);
    form.set('password', password);
  } else {
    form.set('grant_type', 'refresh_token');
    form.set('refresh_token', identityToken);
  }
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return send(transport, request, { method: 'POST', url, headers, body: form.toString() });
}

function send(
  transport: Transport,
  { endpoint, signal }: TokenRequest,
  message: { method: 'GET' | 'POST'; url: URL; headers?: Record<string, string>; body?: string },
): Promise<HttpResponse> {
  const abort = signal === undefined ? {} : { signal };
  // What is allowed to a registry on this machine is not allowed to the server it names.
  const skipVerify =
    endpoint.skipVerify && message.url.hostname === new URL(endpoint.origin).hostname;
  const { dialTimeoutMs } = endpoint;
  return transport.send({ ...message, dialTimeoutMs, skipVerify, ...abort });
}

export function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

async function tokenOf(response: HttpResponse, { subject }: TokenRequest): Promise<Token> {
  const host = response.url.host;
  if (response.status !== 200) {
    await discardBody(response);
    if (response.status >= 500 || response.status === 429) {
      throw new DomainError('unavailable', `Token server "${host}" answered ${response.status}`);
    }
    throw denied(subject);
  }
  const what = `Answer of token server "${host}"`;
  const document = parseJsonObject(await readBody(response, 256 * 1024, what), what);
  const text = textField(document, 'token') || textField(document, 'access_token');
  // Anything else would become header lines of its own.
  if (!/^[\x21-\x7e]+$/.test(text) || text.length > longestToken) {
    throw new DomainError('invalid', `${what} has no usable token`);
  }
  return { text, expiresAtMs: Date.now() + lifeMs(document['expires_in']) - marginMs };
}

/** Counted from now, since the server's clock may be wrong. */
function lifeMs(expiresIn: unknown): number {
  const seconds = typeof expiresIn === 'number' && expiresIn > 0 ? expiresIn : 0;
  return Math.min(Math.max(seconds * 1000, shortestLifeMs), 24 * 3600 * 1000);
}
