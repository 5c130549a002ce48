import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Api } from './api.ts';
import { type Exchange, naturalIn, presentationOf } from './exchange.ts';
import { checkListOptions } from './list-options.ts';
import { presentEvent, type Presentation } from './present.ts';
import { readSelection } from './selection.ts';
import { storedKind } from '../api/kinds.ts';
import type { PacedWatch } from './pace.ts';
import { prefixOf } from './registry.ts';
import { watchObjects, type WatchRequest } from './verb/watch.ts';
import { chunkOf, lineOf, type WatchChunks } from './watch-chunks.ts';
import { bookmarkObject, type WatchEvent } from './watch-event.ts';

/** A line of JSON an event, as long as the client listens and no longer than it reads. */
export async function serveWatch(api: Api, exchange: Exchange): Promise<void> {
  const { route, query, response } = exchange;
  const { custom } = route.kind;
  const ending = custom === undefined ? [] : [custom.replaced];
  const signal = AbortSignal.any([exchange.signal, ...ending]);
  const presentation = presentationOf(api, exchange);
  checkListOptions(query, true);
  const revision = naturalIn(query, 'resourceVersion');
  const selection = readSelection(route.kind, query);
  const bookmarks = query.get('allowWatchBookmarks') === 'true';
  const lines = new Lines(api, presentation, selection.all);
  using pace = api.pace.join();
  const share = lines.isShared && isChunked(response) && response.socket !== null;
  const events = watchObjects(
    api,
    {
      kind: route.kind,
      namespace: route.namespace,
      selection,
      after: revision === 0 ? undefined : revision,
      sendInitialEvents: query.get('sendInitialEvents') === 'true',
      bookmarks,
      timeoutSeconds: naturalIn(query, 'timeoutSeconds'),
      ...(share && { share: sharing(api, exchange, { bookmarks, pace }) }),
    },
    signal,
  );
  for await (const batch of events) {
    if (!response.headersSent) startStream(response);
    if (batch.length === 0) continue;
    if (!write(response, lines.chunkOf(batch))) await drained(response, signal);
    await pace.turn();
  }
  if (!response.headersSent) startStream(response);
  response.end();
}

/** Who is told all is told together with the others, until it takes less than it is told. */
function sharing(
  api: Api,
  { route, response }: Exchange,
  { bookmarks, pace }: { readonly bookmarks: boolean; readonly pace: PacedWatch },
): NonNullable<WatchRequest['share']> {
  const { kind, namespace } = route;
  const collection = { kind, prefix: prefixOf(storedKind(kind), namespace) };
  const listener = { bookmarks, write: (chunk: Buffer) => write(response, chunk) };
  let failed = false;
  return (after, signal) => {
    if (failed) return undefined;
    const told = api.broadcasts.join(collection, listener, { after, pace, signal });
    return told?.then(async (left) => {
      ({ failed } = left);
      if (!failed && !signal.aborted) await drained(response, signal).catch(() => undefined);
      return left.revision;
    });
  };
}

function startStream(response: ServerResponse): void {
  response.writeHead(200, {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-cache, private',
    ...(isChunked(response) && { 'Transfer-Encoding': 'chunked' }),
  });
  response.flushHeaders();
}

function isChunked({ req }: ServerResponse): boolean {
  return req.httpVersionMajor === 1 && req.httpVersionMinor === 1;
}

/**
 * Hands a chunk with its length to the connection itself: the response would frame it anew for
 * each of a thousand watches, and write its three parts one by one.
 */
function write(response: ServerResponse, chunk: Buffer): boolean {
  const { socket } = response;
  if (socket !== null && isChunked(response)) return socket.write(chunk);
  const start = chunk.indexOf('\r\n') + 2;
  return response.write(chunk.subarray(start, -2));
}

async function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  const { socket } = response;
  await once(socket !== null && isChunked(response) ? socket : response, 'drain', { signal });
}

/** What one watch tells, as its client wants it. */
class Lines {
  readonly #chunks: WatchChunks;
  readonly #presentation: Presentation;
  /** What it tells, others are told byte for byte. */
  readonly isShared: boolean;
  #first = true;

  constructor({ watchChunks }: Api, presentation: Presentation, tellsAll: boolean) {
    this.#chunks = watchChunks;
    this.#presentation = presentation;
    this.isShared = tellsAll && presentation.form.as === 'object';
  }

  chunkOf(batch: readonly WatchEvent[]): Buffer {
    if (this.isShared && batch.every((event) => 'entry' in event)) {
      return this.#chunks.shared(this.#presentation.kind, batch);
    }
    return chunkOf(batch.map((event) => this.#lineOf(event)));
  }

  #lineOf(event: WatchEvent): string {
    const { kind } = this.#presentation;
    if (event.type === 'ERROR') return lineOf('ERROR', JSON.stringify(event.status));
    if (event.type === 'BOOKMARK') {
      const object = bookmarkObject(kind, event.revision, event.initialEnd);
      return lineOf('BOOKMARK', JSON.stringify(object));
    }
    const object = presentEvent(this.#presentation, event.entry, this.#first);
    this.#first = false;
    return lineOf(event.type, object);
  }
}
