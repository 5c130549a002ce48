import type { ServerResponse } from 'node:http';
import { ApiError } from '../../api/status.ts';
import { limits } from '../../base/limits.ts';
import { type Attributes, isPath } from './authorize/attributes.ts';
import { groupsOfAll, type User } from './user.ts';

const changes = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);
/** What lasts as long as its client likes. */
const longSubresources = new Set(['exec', 'attach', 'portforward', 'proxy', 'log']);

export interface InFlightLimits {
  readonly reads: number;
  readonly writes: number;
}

/**
 * Bounds how many requests are served at a time, readers and writers apart, so that neither holds
 * up the other. Administrators, what lasts and health checks are not counted.
 */
export class InFlight {
  readonly #most: InFlightLimits;
  #reads = 0;
  #writes = 0;

  constructor(most: InFlightLimits = { reads: limits.apiReads, writes: limits.apiWrites }) {
    this.#most = most;
  }

  /** Counts a request until its answer is over. Throws `TooManyRequests`. */
  enter(user: User, attributes: Attributes, response: ServerResponse): void {
    if (isExempt(user, attributes)) return;
    const isWrite = !isPath(attributes) && changes.has(attributes.verb);
    const isFull = isWrite ? this.#writes >= this.#most.writes : this.#reads >= this.#most.reads;
    if (isFull) {
      const words = 'Too many requests, please try again later.';
      throw new ApiError('TooManyRequests', words, { retryAfterSeconds: 1 });
    }
    this.#count(isWrite, 1);
    response.once('close', () => this.#count(isWrite, -1));
  }

  #count(isWrite: boolean, change: 1 | -1): void {
    if (isWrite) this.#writes += change;
    else this.#reads += change;
  }
}

function isExempt(user: User, attributes: Attributes): boolean {
  if (user.groups.includes(groupsOfAll.masters)) return true;
  if (isPath(attributes)) return /^\/(livez|readyz|healthz)/.test(attributes.path);
  return attributes.verb === 'watch' || longSubresources.has(attributes.subresource);
}
