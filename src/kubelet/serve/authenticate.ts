import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { ApiClient } from '../../api/client/client.ts';
import type { Resource } from '../../api/client/resources.ts';
import { findKind } from '../../api/kinds.ts';
import type { TokenReview } from '../../api/types/generated/authentication-v1.ts';
import type { Clock } from '../../base/clock.ts';
import { limits } from '../../base/limits.ts';
import type { KubeletConfiguration } from '../config/kubelet-configuration.ts';
import { BoundedCache } from './bounded-cache.ts';
import { anonymous, authenticated, type User } from './user.ts';

/** A token that is wrong is not asked about again for so long. */
const refusedMs = 10_000;

/** Says who asks: by the client's certificate or its bearer token. */
export class Authenticator {
  readonly #configuration: KubeletConfiguration['authentication'];
  readonly #client: ApiClient | undefined;
  readonly #tokens: BoundedCache<User | 'refused'>;

  constructor(
    configuration: KubeletConfiguration['authentication'],
    client: ApiClient | undefined,
    clock: Clock,
  ) {
    this.#configuration = configuration;
    this.#client = client;
    this.#tokens = new BoundedCache(clock, limits.kubeletRememberedReviews);
  }

  /** Undefined for whoever is not known. Throws when the server cannot be asked. */
  async userOf(request: IncomingMessage): Promise<User | undefined> {
    const byCertificate = userOfCertificate(request);
    if (byCertificate !== undefined) return byCertificate === 'refused' ? undefined : byCertificate;
    const token = tokenOf(request);
    if (token !== undefined) return await this.#byToken(token);
    return this.#configuration.anonymous.enabled ? anonymous : undefined;
  }

  async #byToken(token: string): Promise<User | undefined> {
    const { webhook } = this.#configuration;
    if (!webhook.enabled || this.#client === undefined) return undefined;
    if (token.length > limits.apiTokenBytes) return undefined;
    // What is remembered must not let anybody in who reads our memory.
    const key = createHash('sha256').update(token).digest('base64');
    const known = this.#tokens.get(key);
    if (known !== undefined) return known === 'refused' ? undefined : known;
    const kind = findKind('authentication.k8s.io/v1', 'TokenReview');
    if (kind === undefined) return undefined;
    const resource: Resource<TokenReview> = { kind };
    const { status } = await this.#client.create(resource, { metadata: {}, spec: { token } });
    if (status?.authenticated !== true) {
      this.#tokens.put(key, 'refused', Math.min(refusedMs, webhook.cacheTTL));
      return undefined;
    }
    const { username = '', uid = '', groups = [], extra = {} } = status.user ?? {};
    const user = { name: username, uid, groups, extra };
    this.#tokens.put(key, user, webhook.cacheTTL);
    return user;
  }
}

function tokenOf({ headers }: IncomingMessage): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
}

/** CN is the name, each O a group; the connection's handshake has checked who signed it. */
function userOfCertificate({ socket }: IncomingMessage): User | 'refused' | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  const now = Date.now();
  const isOver = now >= certificate.validToDate.getTime();
  // A resumed session brings the verdict of its first handshake along.
  if (!socket.authorized || isOver || now < certificate.validFromDate.getTime()) return 'refused';
  const { CN, O } = socket.getPeerCertificate().subject as {
    readonly CN?: string | readonly string[];
    readonly O?: string | readonly string[];
  };
  const name = listOf(CN).at(-1) ?? '';
  if (name === '') return 'refused';
  return { name, uid: '', groups: [...new Set([...listOf(O), authenticated])], extra: {} };
}

/** Node gives a list where a part of a name stands several times. */
function listOf(part: string | readonly string[] | undefined): readonly string[] {
  if (part === undefined) return [];
  return typeof part === 'string' ? [part] : part;
}
