import type { Kind } from '../../api/kind.ts';
import { storedKind } from '../../api/kinds.ts';
import { ApiError, badRequest, expired } from '../../api/status.ts';
import { isDomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import { CompactedError } from '../../store/error.ts';
import type { Entry, Page } from '../../store/store.ts';
import type { Api } from '../api.ts';
import { decodeObject } from '../object-text.ts';
import { prefixOf } from '../registry.ts';
import { isSelected, type Selection } from '../selection.ts';

export interface ListRequest {
  readonly kind: Kind;
  /** Empty for all. */
  readonly namespace: string;
  readonly selection: Selection;
  /** 0 for no limit. */
  readonly limit: number;
  readonly continuation: Continuation | undefined;
  readonly revision: number;
  /** The list has to be of this revision, or of this or a later one. */
  readonly match: 'Exact' | 'NotOlderThan' | '';
}

/** Where a list goes on: at the revision of its first page. */
export interface Continuation {
  readonly revision: number;
  readonly after: string;
}

export interface Listed {
  readonly revision: number;
  readonly entries: readonly Entry[];
  /** Empty on the last page. */
  readonly continueToken: string;
  /** Undefined where a selection makes it unknown. */
  readonly remaining: number | undefined;
}

/** What there is of a collection at one revision, or as much as was asked for. */
export async function listObjects(api: Api, request: ListRequest): Promise<Listed> {
  const entries: Entry[] = [];
  const reading = new ListReading(api, request);
  while (reading.hasMore) entries.push(...(await reading.read()));
  return { entries, ...(await reading.end()) };
}

/** A list that is read in parts, all of one revision. */
export class ListReading {
  readonly #api: Api;
  readonly #request: ListRequest;
  readonly #prefix: string;
  readonly #wanted: number;
  #at: Position;
  #found = 0;
  #revision = 0;
  /** There may be more in the collection. */
  #collectionHasMore = true;

  constructor(api: Api, request: ListRequest) {
    this.#api = api;
    this.#request = request;
    this.#prefix = prefixOf(storedKind(request.kind), request.namespace);
    this.#wanted = request.limit === 0 ? Number.POSITIVE_INFINITY : request.limit;
    this.#at = startOf(request);
  }

  /** Of what is read; 0 before the first part. */
  get revision(): number {
    return this.#revision;
  }

  get hasMore(): boolean {
    return this.#collectionHasMore && this.#found < this.#wanted;
  }

  /** The next part, after looking at so many objects. */
  async read(limit = 1000): Promise<readonly Entry[]> {
    try {
      if (this.#revision === 0) await reach(this.#api, this.#request);
      return await this.#read(limit);
    } catch (error) {
      throw error instanceof CompactedError ? tooOld(this.#request, error) : error;
    }
  }

  /** Goes on after this one, of which so many were before. */
  goBack(key: string, found: number): void {
    this.#at = { revision: this.#revision, after: key };
    this.#found = found;
    this.#collectionHasMore = true;
  }

  /** How the list ends, once enough of it was read. */
  async end(): Promise<Omit<Listed, 'entries'>> {
    const revision = this.#revision;
    if (!this.#collectionHasMore) return { revision, continueToken: '', remaining: 0 };
    const { continuation, selection } = this.#request;
    const isFirst = continuation === undefined && selection.all;
    const { store } = this.#api.registry;
    const total = isFirst ? await store.count(this.#prefix, { revision }) : undefined;
    return {
      revision,
      continueToken: tokenOf(this.#at),
      remaining: total === undefined ? undefined : Math.max(total - this.#found, 1),
    };
  }

  async #read(limit: number): Promise<readonly Entry[]> {
    const page = await readPage(this.#api, this.#prefix, { ...this.#at, limit });
    const entries: Entry[] = [];
    const wanted = this.#wanted - this.#found;
    const { last, full } = take(page, { entries, wanted, selection: this.#request.selection });
    this.#revision = page.revision;
    this.#found += entries.length;
    this.#collectionHasMore = page.more || (full && last !== page.entries.at(-1)?.key);
    this.#at = { revision: page.revision, after: last === '' ? this.#at.after : last };
    return entries;
  }
}

function tooOld({ continuation }: ListRequest, error: Error): ApiError {
  return expired(
    continuation === undefined
      ? `The resourceVersion for the provided list is too old: ${error.message}`
      : 'The provided continue parameter is too old to display a consistent list result. You ' +
          'can start a new list without the continue parameter.',
  );
}

export function readContinuation(token: string): Continuation | undefined {
  if (token === '') return undefined;
  try {
    const text = Buffer.from(token, 'base64url').toString();
    const { rv, start } = JSON.parse(text) as Record<string, unknown>;
    if (typeof rv === 'number' && rv > 0 && typeof start === 'string' && start.startsWith('/')) {
      return { revision: rv, after: start };
    }
  } catch {
    // Told below.
  }
  throw badRequest('continue key is not valid: invalid encoded continue token');
}

async function reach({ registry }: Api, { revision }: ListRequest): Promise<void> {
  if (revision <= registry.store.revision) return;
  try {
    await registry.store.reached(revision, AbortSignal.timeout(limits.apiRevisionWaitMs));
  } catch {
    throw tooLarge(revision, registry.store.revision);
  }
}

/** The store was set back, or the client has taken the number from elsewhere. */
export function tooLarge(revision: number, current: number): ApiError {
  const message = `Too large resource version: ${revision}, current: ${current}`;
  const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }];
  return new ApiError('Timeout', message, { causes, retryAfterSeconds: 1 });
}

interface Position {
  readonly revision: number | undefined;
  readonly after: string | undefined;
}

function startOf({ continuation, revision, match }: ListRequest): Position {
  if (continuation !== undefined) return continuation;
  return { revision: match === 'Exact' && revision > 0 ? revision : undefined, after: undefined };
}

async function readPage(
  { registry }: Api,
  prefix: string,
  at: Position & { readonly limit: number },
): Promise<Page> {
  try {
    return await registry.store.list(prefix, {
      limit: at.limit,
      ...(at.revision !== undefined && { revision: at.revision }),
      ...(at.after !== undefined && { after: at.after }),
    });
  } catch (error) {
    if (!(error instanceof CompactedError) && isDomainError(error, 'invalid')) {
      throw badRequest(error.message);
    }
    throw error;
  }
}

/** Takes what is selected; tells the last key looked at, and whether enough was found. */
function take(
  page: Page,
  target: { readonly entries: Entry[]; readonly wanted: number; readonly selection: Selection },
): { last: string; full: boolean } {
  let last = '';
  for (const entry of page.entries) {
    last = entry.key;
    if (target.selection.all || isSelected(target.selection, decodeObject(entry))) {
      target.entries.push(entry);
    }
    if (target.entries.length >= target.wanted) return { last, full: true };
  }
  return { last, full: false };
}

function tokenOf({ revision = 0, after = '' }: Position): string {
  const token = { v: 'meta.k8s.io/v1', rv: revision, start: after };
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}
