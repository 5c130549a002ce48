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

/** One page of a collection at one revision. */
export async function listObjects(api: Api, request: ListRequest): Promise<Listed> {
  try {
    await reach(api, request);
    return await collect(api, request);
  } catch (error) {
    if (!(error instanceof CompactedError)) throw error;
    throw expired(
      request.continuation === undefined
        ? `The resourceVersion for the provided list is too old: ${error.message}`
        : 'The provided continue parameter is too old to display a consistent list result. You ' +
            'can start a new list without the continue parameter.',
    );
  }
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

async function collect(api: Api, request: ListRequest): Promise<Listed> {
  const prefix = prefixOf(storedKind(request.kind), request.namespace);
  const wanted = request.limit === 0 ? Number.POSITIVE_INFINITY : request.limit;
  const entries: Entry[] = [];
  let at = startOf(request);
  for (;;) {
    const page = await readPage(api, prefix, at);
    const { last, full } = take(page, { entries, wanted, selection: request.selection });
    const more = full ? last !== page.entries.at(-1)?.key || page.more : page.more;
    if (!more) return { revision: page.revision, entries, continueToken: '', remaining: 0 };
    at = { revision: page.revision, after: last };
    if (full) return await interrupted(api, { prefix, entries, at, request });
  }
}

interface Position {
  readonly revision: number | undefined;
  readonly after: string | undefined;
}

function startOf({ continuation, revision, match }: ListRequest): Position {
  if (continuation !== undefined) return continuation;
  return { revision: match === 'Exact' && revision > 0 ? revision : undefined, after: undefined };
}

async function readPage({ registry }: Api, prefix: string, at: Position): Promise<Page> {
  try {
    return await registry.store.list(prefix, {
      limit: 1000,
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

async function interrupted(
  { registry }: Api,
  found: {
    readonly prefix: string;
    readonly entries: readonly Entry[];
    readonly at: Position;
    readonly request: ListRequest;
  },
): Promise<Listed> {
  const { revision = 0, after = '' } = found.at;
  const token = Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: after }));
  const first = found.request.continuation === undefined && found.request.selection.all;
  const total = first ? await registry.store.count(found.prefix, { revision }) : undefined;
  return {
    revision,
    entries: found.entries,
    continueToken: token.toString('base64url'),
    remaining: total === undefined ? undefined : Math.max(total - found.entries.length, 1),
  };
}
