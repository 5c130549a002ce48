import t from 'tap';
import { findKind } from '../../../src/api/kinds.ts';
import { encodeObject } from '../../../src/apiserver/object-text.ts';
import { chunkOf, WatchChunks } from '../../../src/apiserver/watch-chunks.ts';
import type { Entry } from '../../../src/store/store.ts';

function kindOf(apiVersion: string, name: string) {
  const kind = findKind(apiVersion, name);
  if (kind === undefined) throw new Error(`no kind ${name}`);
  return kind;
}

const deployment = kindOf('apps/v1', 'Deployment');

function entry(name: string, revision: number): Entry {
  const value = encodeObject(deployment, { metadata: { name, namespace: 'default', é: 'ü' } });
  return { key: `/registry/deployments/default/${name}`, value, revision, created: 1 };
}

t.test('watches with the same to tell write the same bytes', async (t) => {
  const chunks = new WatchChunks();
  const [a, b] = [entry('a', 7), entry('b', 8)];
  const both = [a, b].map((one) => ({ type: 'ADDED' as const, entry: one }));
  const first = chunks.shared(deployment, both);
  t.equal(
    chunks.shared(
      deployment,
      both.map((event) => ({ ...event })),
    ),
    first,
  );
  const text = first.toString();
  const [length = '', ...lines] = text.split('\r\n');
  t.equal(Number.parseInt(length, 16), Buffer.byteLength(lines[0] ?? ''));
  const objects = (lines[0] ?? '')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  t.match(objects, [
    { type: 'ADDED', object: { metadata: { name: 'a', resourceVersion: '7' } } },
    { type: 'ADDED', object: { metadata: { name: 'b', resourceVersion: '8' } } },
  ]);
});

t.test('other changes, and other versions of a kind, are other bytes', async (t) => {
  const chunks = new WatchChunks();
  const [a, b] = [entry('a', 7), entry('a', 8)];
  const one = chunks.shared(deployment, [{ type: 'ADDED', entry: a }]);
  t.not(chunks.shared(deployment, [{ type: 'MODIFIED', entry: b }]), one);
  const old = chunks.shared(kindOf('extensions/v1beta1', 'Deployment'), [
    { type: 'ADDED', entry: a },
  ]);
  t.match(old.toString(), '"apiVersion":"extensions/v1beta1"');
  t.match(one.toString(), '"apiVersion":"apps/v1"');
});

t.test('a chunk says how long it is in bytes', async (t) => {
  t.equal(chunkOf(['ü\n', 'x\n']).toString(), '5\r\nü\nx\n\r\n');
});
