import type { JsonObject } from '../api/json.ts';
import { compressedFrom, sendJson } from './answer.ts';
import { AnswerStream } from './answer-stream.ts';
import type { Api } from './api.ts';
import { type Exchange, naturalIn, presentationOf } from './exchange.ts';
import { checkListOptions } from './list-options.ts';
import { listHead, listText, presentItem, type Presentation } from './present.ts';
import { readSelection } from './selection.ts';
import { type Listed, ListReading, readContinuation } from './verb/list.ts';

/** Objects read first; then as many as are about so many bytes. */
const firstObjects = 16;
const partBytes = 256 * 1024;
/** What is written in one go. */
const pieceLength = 64 * 1024;

/** How far a list has been told. */
interface Progress {
  count: number;
  length: number;
  lastKey: string;
}

/**
 * Answers with a list. A long one is read and written in parts, and while its client is slow
 * nothing of it is held but the piece that waits on the connection: when there is room again it
 * goes on reading, at the same revision.
 */
export async function serveList(api: Api, exchange: Exchange): Promise<void> {
  const { route, query } = exchange;
  const presentation = presentationOf(api, exchange);
  checkListOptions(query, false);
  const limit = naturalIn(query, 'limit');
  const reading = new ListReading(api, {
    kind: route.kind,
    namespace: route.namespace,
    selection: readSelection(route.kind, query),
    limit,
    continuation: readContinuation(query.get('continue') ?? ''),
    revision: naturalIn(query, 'resourceVersion'),
    match: readMatch(query),
  });
  const told: Progress = { count: 0, length: 0, lastKey: '' };
  const items: string[] = [];
  do {
    for (const entry of await reading.read(objectsOf(told))) {
      items.push(tell(presentation, entry, told));
    }
  } while (reading.hasMore && told.length <= compressedFrom);
  if (!reading.hasMore && told.length <= compressedFrom) {
    const metadata = metadataOf(await reading.end());
    return await sendJson(exchange.response, 200, listText(presentation, metadata, items));
  }
  // A page's metadata tells where to go on: it is known when the page is over.
  const metadata = limit === 0 ? { resourceVersion: String(reading.revision) } : undefined;
  const stream = new AnswerStream(exchange);
  await stream.write(listHead(presentation, metadata) + items.splice(0).join(','));
  await sendRest(stream, { presentation, reading, told });
  const rest = metadata === undefined ? metadataOf(await reading.end()) : undefined;
  await stream.end(rest === undefined ? ']}' : `],"metadata":${JSON.stringify(rest)}}`);
}

function readMatch(query: URLSearchParams): 'Exact' | 'NotOlderThan' | '' {
  const match = query.get('resourceVersionMatch') ?? '';
  return match === 'Exact' || match === 'NotOlderThan' ? match : '';
}

function objectsOf({ count, length }: Progress): number {
  if (count === 0) return firstObjects;
  return Math.min(Math.max(Math.floor(partBytes / (length / count)), 1), 1000);
}

function tell(
  presentation: Presentation,
  entry: Parameters<typeof presentItem>[1],
  told: Progress,
): string {
  const item = presentItem(presentation, entry);
  told.count += 1;
  told.length += item.length;
  told.lastKey = entry.key;
  return item;
}

async function sendRest(
  stream: AnswerStream,
  {
    presentation,
    reading,
    told,
  }: {
    readonly presentation: Presentation;
    readonly reading: ListReading;
    readonly told: Progress;
  },
): Promise<void> {
  while (reading.hasMore) {
    await stream.ready();
    const unsent = [...(await reading.read(objectsOf(told)))].toReversed();
    for (let isPrompt = true; isPrompt && unsent.length > 0;) {
      let piece = '';
      while (piece.length < pieceLength) {
        const entry = unsent.pop();
        if (entry === undefined) break;
        piece += `,${tell(presentation, entry, told)}`;
      }
      isPrompt = await stream.write(piece);
    }
    // What the client has no room for is not held for it.
    if (unsent.length > 0) reading.goBack(told.lastKey, told.count);
  }
}

function metadataOf({ revision, continueToken, remaining }: Omit<Listed, 'entries'>): JsonObject {
  return {
    resourceVersion: String(revision),
    ...(continueToken !== '' && { continue: continueToken }),
    ...(continueToken !== '' && remaining !== undefined && { remainingItemCount: remaining }),
  };
}
