import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Api } from './api.ts';
import { type Exchange, naturalIn, presentationOf } from './exchange.ts';
import { presentEvent, type Presentation } from './present.ts';
import { readSelection } from './selection.ts';
import { bookmarkObject, type WatchEvent, watchObjects } from './verb/watch.ts';

/** A line of JSON an event, as long as the client listens and no longer than it reads. */
export async function serveWatch(api: Api, exchange: Exchange): Promise<void> {
  const { route, query, response, signal } = exchange;
  const presentation = presentationOf(api, exchange);
  const revision = naturalIn(query, 'resourceVersion');
  const events = watchObjects(
    api,
    {
      kind: route.kind,
      namespace: route.namespace,
      selection: readSelection(route.kind, query),
      after: revision === 0 ? undefined : revision,
      sendInitialEvents: query.get('sendInitialEvents') === 'true',
      bookmarks: query.get('allowWatchBookmarks') === 'true',
      timeoutSeconds: naturalIn(query, 'timeoutSeconds'),
    },
    signal,
  );
  using _watch = api.pace.join();
  let first = true;
  for await (const batch of events) {
    if (!response.headersSent) startStream(response);
    const text = batch.map((event) => {
      const line = lineOf(presentation, event, first);
      first &&= event.type === 'BOOKMARK' || event.type === 'ERROR';
      return line;
    });
    if (text.length === 0) continue;
    if (!response.write(text.join(''))) await once(response, 'drain', { signal });
    await api.pace.turn();
  }
  if (!response.headersSent) startStream(response);
  response.end();
}

function startStream(response: ServerResponse): void {
  response.writeHead(200, {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-cache, private',
  });
  response.flushHeaders();
}

function lineOf(presentation: Presentation, event: WatchEvent, first: boolean): string {
  if (event.type === 'ERROR') {
    return `{"type":"ERROR","object":${JSON.stringify(event.status)}}\n`;
  }
  if (event.type === 'BOOKMARK') {
    const object = bookmarkObject(presentation.kind, event.revision, event.initialEnd);
    return `{"type":"BOOKMARK","object":${JSON.stringify(object)}}\n`;
  }
  return `{"type":"${event.type}","object":${presentEvent(presentation, event.entry, first)}}\n`;
}
