import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '../../base/error.ts';
import type { RegistryCredentials } from '../image-service.ts';
import { repositoryOf, type Reference } from '../reference.ts';
import type { ImageSettings } from '../settings.ts';
import { makeAuthorizer, type Authorizer } from './authorizer.ts';
import { findCredentials } from './credentials.ts';
import { endpointsOf, isLoopback, type Endpoint } from './endpoint.ts';
import { discardBody } from './read-body.ts';
import {
  errorOfResponse,
  isConnectionError,
  mayBePlain,
  unreachable,
  type Subject,
} from './registry-error.ts';
import type { HttpResponse, Transport } from './transport.ts';

export interface SessionOptions {
  readonly transport: Transport;
  readonly settings: ImageSettings;
  readonly reference: Reference;
  readonly action: 'pull' | 'push';
  /** The caller's own; they are for the registry and are not shown to its mirrors. */
  readonly credentials?: RegistryCredentials;
  readonly signal?: AbortSignal;
}

export interface SessionRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH';
  /** Below the repository: `manifests/latest`; or a whole URL that a server answered with. */
  readonly target: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Made anew for each attempt, since a stream can be read once. */
  readonly body?: () => string | Uint8Array | Readable;
  readonly expect: readonly number[];
  /** Not to be repeated by itself: a second half of an upload would follow the first. */
  readonly once?: boolean;
  /** Repositories to read beside the session's own, for mounting blobs. */
  readonly alsoPull?: string;
}

/** What one pull or push knows of its servers: which are dead, and how to authenticate to each. */
export interface Session {
  readonly subject: Subject;
  readonly domain: string;
  readonly signal: AbortSignal | undefined;
  /**
   * Asks the servers in order; the first usable answer counts. The caller reads or drops its body.
   */
  request(request: SessionRequest): Promise<HttpResponse>;
  /** Asks no mirror from now on; false when none was asked anyway. */
  distrustMirrors(): boolean;
  /** The same session, what it learns included, for work that ends by another signal. */
  withSignal(signal: AbortSignal): Session;
}

const maximumRedirects = 5;
const maximumAttempts = 3;

export function openSession(options: SessionOptions): Session {
  const { reference, settings, action, signal } = options;
  const name = action === 'push' ? repositoryOf(reference) : nameOf(reference);
  const subject: Subject = { name, action };
  const endpoints = endpointsOf(reference.domain, settings).filter(
    ({ isMirror }) => action === 'pull' || !isMirror,
  );
  const visits = endpoints.map((endpoint) => makeVisit(endpoint, options, subject));
  return makeSession({ visits, dead: new Set(), subject, domain: reference.domain }, signal);
}

interface SessionState {
  readonly visits: readonly Visit[];
  /** Servers that are not asked again before the session ends. */
  readonly dead: Set<Visit>;
  readonly subject: Subject;
  readonly domain: string;
}

function makeSession(state: SessionState, signal: AbortSignal | undefined): Session {
  const { visits, dead, subject, domain } = state;
  return {
    subject,
    domain,
    signal,
    withSignal: (other) => makeSession(state, other),
    distrustMirrors() {
      const mirrors = visits.filter((visit) => visit.endpoint.isMirror && !dead.has(visit));
      for (const mirror of mirrors) dead.add(mirror);
      return mirrors.length > 0;
    },
    request: (request) => requestInTurn(state, { ...request, signal }),
  };
}

interface AbortableRequest extends SessionRequest {
  readonly signal: AbortSignal | undefined;
}

async function requestInTurn(
  { visits, dead, domain }: SessionState,
  request: AbortableRequest,
): Promise<HttpResponse> {
  let failure: unknown;
  for (const visit of visits) {
    if (dead.has(visit)) continue;
    try {
      return await attempt(visit, request);
    } catch (error) {
      request.signal?.throwIfAborted();
      failure = moreTelling(failure, error, visit);
      const isGone = visit.endpoint.isMirror || !visit.answered;
      if (isGone && isConnectionError(error)) dead.add(visit);
      if (!visit.endpoint.isMirror && (visit.answered || !mayBePlain(error))) break;
    }
  }
  // All are dead for this session; a later pull starts with all of them again.
  throw failure ?? unreachable(domain, new Error('no answer before'));
}

/** One server within a session. */
interface Visit {
  readonly endpoint: Endpoint;
  readonly subject: Subject;
  readonly authorizer: Authorizer;
  readonly options: SessionOptions;
  /** It has given an HTTP response, so it is the right one to ask. */
  answered: boolean;
}

function makeVisit(endpoint: Endpoint, options: SessionOptions, subject: Subject): Visit {
  const { transport, settings, reference } = options;
  const path = `${endpoint.pathPrefix}${reference.path}`;
  const credentials = async (): Promise<RegistryCredentials | undefined> =>
    endpoint.isMirror || options.credentials === undefined
      ? await findCredentials(endpoint.host, path, settings.dockerConfig)
      : options.credentials;
  const authorizer = makeAuthorizer({ transport, endpoint, subject, credentials });
  return { endpoint, subject, authorizer, options, answered: false };
}

/** Of several failures the one of the registry itself is told, unless it only was not there. */
function moreTelling(before: unknown, error: unknown, visit: Visit): unknown {
  const told = error instanceof DomainError ? error : unreachable(visit.endpoint.host, error);
  const isWeaker = before instanceof DomainError && !visit.answered && visit.endpoint.isMirror;
  return isWeaker ? before : told;
}

/** Repeats what failed for a moment only: a reset connection, an overloaded server. */
async function attempt(visit: Visit, request: AbortableRequest): Promise<HttpResponse> {
  for (let count = 1; ; count++) {
    let response: HttpResponse;
    try {
      response = await authorized(visit, request);
    } catch (error) {
      if (!visit.answered || !isConnectionError(error) || count >= maximumAttempts) throw error;
      if (request.once === true) throw error;
      await delay(200 * count, undefined, abortOf(request));
      continue;
    }
    if (request.expect.includes(response.status)) return response;
    const isBusy = [429, 500, 502, 503, 504].includes(response.status);
    if (isBusy && !request.once && count < maximumAttempts && !visit.endpoint.isMirror) {
      await discardBody(response);
      await delay(waitOf(response, count), undefined, abortOf(request));
      continue;
    }
    throw await errorOfResponse(response, visit.subject, visit.authorizer.secrets);
  }
}

function waitOf(response: HttpResponse, count: number): number {
  const asked = Number(response.header('retry-after'));
  return asked > 0 ? Math.min(asked * 1000, 5000) : 250 * 2 ** count;
}

/** At most one more try with what a 401 taught, and one more when that token was refused. */
async function authorized(visit: Visit, request: AbortableRequest): Promise<HttpResponse> {
  const { signal } = request;
  const scopes = scopesOf(visit, request);
  for (let count = 0; ; count++) {
    const authorization = await visit.authorizer.headerFor(scopes, signal);
    const response = await follow(visit, request, authorization);
    const isOwn = response.url.origin === visit.endpoint.origin;
    if (response.status !== 401 || !isOwn || count === 2) return response;
    await discardBody(response);
    const refused = { scopes, sent: authorization, signal };
    if (!(await visit.authorizer.learn(response, refused))) return response;
  }
}

function scopesOf({ endpoint, options }: Visit, { alsoPull }: SessionRequest): string[] {
  const actions = options.action === 'push' ? 'pull,push' : 'pull';
  const own = `repository:${endpoint.pathPrefix}${options.reference.path}:${actions}`;
  return alsoPull === undefined ? [own] : [own, `repository:${alsoPull}:pull`];
}

/** Follows redirects; the authorization goes to no other origin than the one it is for. */
async function follow(
  visit: Visit,
  request: AbortableRequest,
  authorization: string | undefined,
): Promise<HttpResponse> {
  const { endpoint } = visit;
  let url = urlOf(visit, request.target);
  for (let count = 0; ; count++) {
    const isOwn = url.origin === endpoint.origin;
    const headers = { ...request.headers, ...(isOwn && authorization ? { authorization } : {}) };
    const response = await exchange(visit, request, { url, headers });
    const location = response.header('location');
    const isRedirect = [301, 302, 303, 307, 308].includes(response.status) && location !== '';
    if (!isRedirect || !['GET', 'HEAD'].includes(request.method)) return response;
    await discardBody(response);
    if (count === maximumRedirects) {
      throw new DomainError('invalid', `"${endpoint.host}" redirects more than ${count} times`);
    }
    url = redirectTarget(url, location);
  }
}

function redirectTarget(from: URL, location: string): URL {
  const url = URL.parse(location, from.href);
  const isDowngrade = from.protocol === 'https:' && url?.protocol === 'http:';
  const isWeb = url !== null && /^https?:$/.test(url.protocol) && url.username === '';
  if (url !== null && isWeb && (!isDowngrade || isLoopback(url.host))) return url;
  throw new DomainError('invalid', `"${from.host}" redirects to where no registry can be`);
}

function urlOf({ endpoint, options }: Visit, target: string | URL): URL {
  if (target instanceof URL) return target;
  const path = `${endpoint.pathPrefix}${options.reference.path}`;
  return new URL(`/v2/${path}/${target}`, endpoint.origin);
}

async function exchange(
  visit: Visit,
  request: AbortableRequest,
  { url, headers }: { url: URL; headers: Record<string, string> },
): Promise<HttpResponse> {
  const { endpoint, options } = visit;
  const response = await options.transport.send({
    method: request.method,
    url,
    headers,
    dialTimeoutMs: endpoint.dialTimeoutMs,
    skipVerify: endpoint.skipVerify && url.host === endpoint.host,
    ...(request.body === undefined ? {} : { body: request.body() }),
    ...abortOf(request),
  });
  if (url.origin === endpoint.origin) visit.answered = true;
  return response;
}

function abortOf({ signal }: AbortableRequest): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

function nameOf({ tag, digest, ...reference }: Reference): string {
  const suffix = digest === undefined ? `:${tag ?? ''}` : `@${digest}`;
  return `${repositoryOf(reference)}${suffix}`;
}
