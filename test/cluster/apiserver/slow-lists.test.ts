import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { CoordinatorProcess } from '../security/coordinator-process.ts';

t.setTimeout(600_000);

const readers = Number(process.env['KEELSON_SLOW_READERS'] ?? 32);
const objects = 100;
const folder = '/api/v1/namespaces/default/configmaps';

const coordinator = await CoordinatorProcess.start();
t.teardown(() => coordinator[Symbol.asyncDispose]());
const data = { text: 'x'.repeat(120_000) };
for (let at = 0; at < objects; at += 20) {
  await Promise.all(
    Array.from({ length: 20 }, async (_, next) => {
      const name = `m${String(at + next).padStart(4, '0')}`;
      const { status } = await coordinator.asAdmin(
        `POST ${folder}`,
        JSON.stringify({ metadata: { name, labels: { half: String((at + next) % 2) } }, data }),
      );
      if (status !== 201) throw new Error(`status ${status}`);
    }),
  );
}

function residentMegabytes(): number {
  const text = readFileSync(`/proc/${coordinator.child.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(text)?.[1] ?? 0) / 1024;
}

/** An answer that has begun, of which nothing is taken yet. */
async function begin(path: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const { certificate: cert, key, authority: ca, url } = coordinator;
  const sent = request(url + path, { cert, key, ca, agent: false, headers }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  return response;
}

interface List {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
}

async function read(response: IncomingMessage): Promise<List> {
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  const bytes = Buffer.concat(parts);
  const isCompressed = response.headers['content-encoding'] === 'gzip';
  return JSON.parse((isCompressed ? gunzipSync(bytes) : bytes).toString()) as List;
}

t.test('slow readers of a long list hold next to nothing of it', async (t) => {
  const before = residentMegabytes();
  const answers = await Promise.all(
    Array.from({ length: readers }, (_, at) =>
      begin(folder, at % 2 === 0 ? {} : { 'accept-encoding': 'gzip' }),
    ),
  );
  t.teardown(() => answers.forEach((answer) => answer.destroy()));
  // The server has written to all of them what they have room for.
  await coordinator.asAdmin(`GET ${folder}?limit=1`);
  const grown = residentMegabytes() - before;
  t.comment(`${readers} readers take ${grown.toFixed(0)} MB`);
  t.ok(grown < 220 + readers, `${grown.toFixed(0)} MB, and the list is of 12 MB`);
  // What is written meanwhile is not in their list, and what is deleted is.
  await coordinator.asAdmin(`DELETE ${folder}/m0099`);
  await coordinator.asAdmin(`POST ${folder}`, JSON.stringify({ metadata: { name: 'zzz' } }));
  for (const answer of answers.slice(0, 2)) {
    const { items, metadata } = await read(answer);
    t.same(
      items.map(({ metadata: { name } }) => name).filter((name) => name.startsWith('m')),
      Array.from({ length: objects }, (_, at) => `m${String(at).padStart(4, '0')}`),
    );
    t.match(metadata.resourceVersion, /^\d+$/);
  }
});

t.test('a long page tells at its end where to go on', async (t) => {
  const page = await read(await begin(`${folder}?limit=40`));
  t.equal(page.items.length, 40);
  const { items } = await read(await begin(folder));
  t.equal(page.metadata.remainingItemCount, items.length - 40);
  const rest = await read(await begin(`${folder}?limit=1000&continue=${page.metadata.continue}`));
  t.equal(rest.items.length, items.length - 40);
  t.equal(rest.metadata.continue, undefined);
  t.equal(rest.items[0]?.metadata.name, 'm0039');
});

t.test('a long selection, table and list of parts are whole', async (t) => {
  const { items } = await read(await begin(`${folder}?labelSelector=half=1`));
  t.equal(
    items.filter(({ metadata }) => Number(metadata.name.slice(1)) % 2 === 1).length,
    items.length,
  );
  t.ok(items.length >= objects / 2 - 1);
  const table = await begin(folder, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
  t.match(await read(table), { kind: 'Table', columnDefinitions: { length: 3 } });
  const parts = await begin(folder, {
    accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
  });
  t.match(await read(parts), { kind: 'PartialObjectMetadataList' });
});
