import type { ApiClient } from '../../api/client/client.ts';
import type { Resource } from '../../api/client/resources.ts';
import { findKind } from '../../api/kinds.ts';
import type { SubjectAccessReview } from '../../api/types/generated/authorization-v1.ts';
import type { Clock } from '../../base/clock.ts';
import { limits } from '../../base/limits.ts';
import type { KubeletConfiguration } from '../config/kubelet-configuration.ts';
import { BoundedCache } from './bounded-cache.ts';
import type { User } from './user.ts';
import { verbOfMethod } from '../../api/verb-of-method.ts';

export interface Access {
  readonly verb: string;
  /** Subresources of the node of which any one is enough: `pods`, `proxy`. */
  readonly subresources: readonly string[];
}

export interface AuthorizerOptions {
  readonly configuration: KubeletConfiguration['authorization'];
  readonly client: ApiClient | undefined;
  readonly clock: Clock;
  readonly node: string;
}

/** Paths with a subresource of their own; all others are `proxy`. */
const own: readonly (readonly [path: string, subresource: string])[] = [
  ['/stats', 'stats'],
  ['/metrics', 'metrics'],
  ['/logs', 'log'],
  ['/checkpoint', 'checkpoint'],
];

/** Those that may be granted alone, beside `proxy` that grants all. */
const fine: readonly (readonly [path: string, subresource: string])[] = [
  ['/pods', 'pods'],
  ['/runningpods', 'pods'],
  ['/healthz', 'healthz'],
  ['/configz', 'configz'],
];

export function accessOf(method: string, pathname: string): Access {
  const at = (table: typeof own) =>
    table.find(([path]) => pathname === path || pathname.startsWith(`${path}/`))?.[1];
  const verb = verbOfMethod[method] ?? method.toLowerCase();
  const whole = at(own);
  if (whole !== undefined) return { verb, subresources: [whole] };
  const finer = at(fine);
  return { verb, subresources: [...(finer === undefined ? [] : [finer]), 'proxy'] };
}

/** Asks the API server whether somebody may, and remembers the answer for a while. */
export class Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #known: BoundedCache<boolean>;

  constructor(options: AuthorizerOptions) {
    this.#options = options;
    this.#known = new BoundedCache(options.clock, limits.kubeletRememberedReviews);
  }

  /** Throws when the server cannot be asked. */
  async allows(user: User, { verb, subresources }: Access): Promise<boolean> {
    if (this.#options.configuration.mode === 'AlwaysAllow') return true;
    // Whoever may do everything may do this, when the server is away too.
    if (user.groups.includes('system:masters')) return true;
    for (const subresource of subresources) {
      if (await this.#reviewed(user, verb, subresource)) return true;
    }
    return false;
  }

  async #reviewed(user: User, verb: string, subresource: string): Promise<boolean> {
    const { client, configuration, node } = this.#options;
    const kind = findKind('authorization.k8s.io/v1', 'SubjectAccessReview');
    if (client === undefined || kind === undefined) return false;
    const key = JSON.stringify([user, verb, subresource]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const { name, uid, groups, extra } = user;
    const about = { verb, group: '', version: 'v1', resource: 'nodes', subresource, name: node };
    const resource: Resource<SubjectAccessReview> = { kind };
    const spec = { user: name, uid, groups, extra, resourceAttributes: about };
    const { status } = await client.create(resource, { metadata: {}, spec });
    const allowed = status?.allowed === true;
    const { cacheAuthorizedTTL, cacheUnauthorizedTTL } = configuration.webhook;
    this.#known.put(key, allowed, allowed ? cacheAuthorizedTTL : cacheUnauthorizedTTL);
    return allowed;
  }
}
