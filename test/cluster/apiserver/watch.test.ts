import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import t from 'tap';
import { ScratchServer } from './scratch-server.ts';

interface Event {
  readonly type: string;
  readonly object: {
    readonly kind?: string;
    readonly code?: number;
    readonly metadata: {
      readonly name?: string;
      readonly resourceVersion: string;
      readonly annotations?: Record<string, string>;
    };
    readonly columnDefinitions?: readonly unknown[];
    readonly rows?: readonly unknown[];
  };
}

/** Events of a watch, one at a time; the connection ends with `return`. */
async function* watch(
  server: ScratchServer,
  query: string,
  accept = 'application/json',
): AsyncGenerator<Event> {
  const path = `/api/v1/namespaces/default/configmaps?watch=true&${query}`;
  const request = get(server.url + path, { headers: { accept } });
  try {
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    let rest = '';
    for await (const part of response.setEncoding('utf8') as AsyncIterable<string>) {
      const lines = (rest + part).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield JSON.parse(line) as Event;
    }
  } finally {
    request.destroy();
  }
}

async function next(events: AsyncGenerator<Event>): Promise<Event> {
  const { value, done } = await events.next();
  if (done === true) throw new Error('the watch has ended');
  return value;
}

const folder = '/api/v1/namespaces/default/configmaps';
const named = (name: string, labels = {}) => ({ metadata: { name, labels } });
const brief = ({ type, object }: Event) => `${type} ${object.metadata.name ?? ''}`;

t.test('a watch tells every change after its revision, once and in order', async (t) => {
  await using server = await ScratchServer.start();
  await server.request(`POST ${folder}`, named('before'));
  const { body } = await server.request(`GET ${folder}`);
  const revision = (body['metadata'] as { resourceVersion: string }).resourceVersion;
  const events = watch(server, `resourceVersion=${revision}`);
  const first = next(events);
  await server.request(`POST ${folder}`, named('a'));
  await server.request(`PUT ${folder}/a`, { ...named('a'), data: { x: 'y' } });
  await server.request(`DELETE ${folder}/a`);
  t.equal(brief(await first), 'ADDED a');
  t.equal(brief(await next(events)), 'MODIFIED a');
  const last = await next(events);
  t.equal(brief(last), 'DELETED a');
  t.ok(Number(last.object.metadata.resourceVersion) > Number(revision) + 2);
  await events.return(undefined);
});

t.test('a watch of a selection sees objects come into it and leave it', async (t) => {
  await using server = await ScratchServer.start();
  const events = watch(server, 'labelSelector=on');
  const first = next(events);
  await server.request(`POST ${folder}`, named('out'));
  await server.request(`POST ${folder}`, named('in', { on: '1' }));
  t.equal(brief(await first), 'ADDED in');
  await server.request(`PUT ${folder}/out`, named('out', { on: '1' }));
  t.equal(brief(await next(events)), 'ADDED out');
  await server.request(`PUT ${folder}/in`, named('in'));
  t.equal(brief(await next(events)), 'DELETED in');
  await events.return(undefined);
});

t.test('a list in a watch ends with a bookmark that says so', async (t) => {
  await using server = await ScratchServer.start();
  await server.request(`POST ${folder}`, named('a'));
  const query = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
  const events = watch(server, query);
  t.equal(brief(await next(events)), 'ADDED a');
  const mark = await next(events);
  t.equal(mark.type, 'BOOKMARK');
  t.same(mark.object.metadata.annotations, { 'k8s.io/initial-events-end': 'true' });
  const live = next(events);
  await server.request(`POST ${folder}`, named('b'));
  t.equal(brief(await live), 'ADDED b');
  await events.return(undefined);
});

t.test('a watch of tables names the columns once', async (t) => {
  await using server = await ScratchServer.start();
  await server.request(`POST ${folder}`, named('a'));
  await server.request(`POST ${folder}`, named('b'));
  const events = watch(server, '', 'application/json;as=Table;v=v1;g=meta.k8s.io');
  t.equal((await next(events)).object.columnDefinitions?.length, 3);
  t.equal((await next(events)).object.columnDefinitions?.length, 0);
  await events.return(undefined);
});

t.test('a watch ends by its time, with a bookmark where they are taken', async (t) => {
  await using server = await ScratchServer.start();
  const types: string[] = [];
  const events = watch(server, 'resourceVersion=1&timeoutSeconds=1&allowWatchBookmarks=true');
  for await (const { type } of events) types.push(type);
  t.equal(types.at(-1), 'BOOKMARK');
});

t.test('a revision of the future is refused in a way that clients retry', async (t) => {
  await using server = await ScratchServer.start();
  const { status, body } = await server.request(`GET ${folder}?watch=true&resourceVersion=999999`);
  t.equal(status, 504);
  t.match(body, { details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } });
});

t.test('watches beside each other each have every change after their revision', async (t) => {
  await using server = await ScratchServer.start();
  const changes = 40;
  const big = 'x'.repeat(20_000);
  const seen: string[][] = [];
  const watches: Promise<void>[] = [];
  let revision = 1;
  for (let change = 0; change < changes; change += 1) {
    if (change % 2 === 0) {
      const names: string[] = [];
      const events = watch(server, `resourceVersion=${revision}&x=${change}`);
      seen.push(names);
      watches.push(follow(events, names, change === 0));
    }
    const object = { ...named(`n${change}`), data: { big } };
    const { body } = await server.request(`POST ${folder}`, object);
    revision = Number((body['metadata'] as { resourceVersion: string }).resourceVersion);
  }
  await Promise.all(watches);
  for (const [at, names] of seen.entries()) {
    const wanted = Array.from({ length: changes - at * 2 }, (_, next) => `n${at * 2 + next}`);
    t.same(names, wanted);
  }

  async function follow(
    events: AsyncGenerator<Event>,
    names: string[],
    slow: boolean,
  ): Promise<void> {
    while (names.at(-1) !== `n${changes - 1}`) {
      names.push((await next(events)).object.metadata.name ?? '');
      // What it does not take, it is not sent: it is told later, and no less.
      if (slow && names.length % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await events.return(undefined);
  }
});
