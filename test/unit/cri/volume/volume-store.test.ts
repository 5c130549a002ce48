import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import pino from 'pino';
import t, { type Test } from 'tap';
import { VolumeStore } from '../../../../src/cri/volume/volume-store.ts';

const invalid = { name: 'DomainError', kind: 'invalid' };
const log = pino({ enabled: false });

async function open(t: Test, folder = mkdtempSync('/tmp/keelson-volumes-')) {
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const store = new VolumeStore(folder);
  await store.load(log);
  return { store, folder };
}

t.test('a volume is there after a restart, and is gone after its removal', async (t) => {
  const { store, folder } = await open(t);
  await store.create({ name: 'data', labels: { a: 'b' } });
  writeFileSync(`${store.dataOf('data')}/file`, 'kept');
  const { store: again } = await open(t, folder);
  t.match(again.get('data'), {
    name: 'data',
    anonymous: false,
    labels: { a: 'b' },
    filling: false,
  });
  t.equal(readFileSync(`${again.dataOf('data')}/file`, 'utf8'), 'kept');
  await again.remove('data');
  await again.remove('data');
  t.same(readdirSync(folder), []);
  t.throws(() => again.get('data'), { kind: 'notFound', message: 'No such volume: data' });
});

t.test('what a killed runtime left half made or half removed is gone', async (t) => {
  const { store, folder } = await open(t);
  mkdirSync(`${folder}/.0123456789abcdef/_data/below`, { recursive: true });
  await store.create({ name: 'data' });
  const { store: again } = await open(t, folder);
  t.same(readdirSync(folder), ['data']);
  t.same(
    again.list().map(({ name }) => name),
    ['data'],
  );
});

t.test('what is in a volume stays, unless it is the half of a copy', async (t) => {
  const { store, folder } = await open(t);
  await store.create({ name: 'data' });
  t.ok(await store.beginFilling('data'), 'it is empty');
  writeFileSync(`${store.dataOf('data')}/half`, '');
  const { store: again } = await open(t, folder);
  t.ok(await again.beginFilling('data'), 'the copy was not finished');
  t.same(readdirSync(again.dataOf('data')), [], 'and begins anew');
  writeFileSync(`${store.dataOf('data')}/whole`, '');
  await again.endFilling('data');
  t.notOk(await again.beginFilling('data'), 'a whole one is not begun again');
  t.same(readdirSync(again.dataOf('data')), ['whole']);
});

t.test('an undone copy leaves an empty volume', async (t) => {
  const { store, folder } = await open(t);
  await store.create({ name: 'data' });
  await store.beginFilling('data');
  writeFileSync(`${store.dataOf('data')}/half`, '');
  await store.undoFilling('data');
  t.same(readdirSync(store.dataOf('data')), []);
  t.equal(store.get('data').filling, false);
  t.same(readdirSync(folder), ['data']);
});

t.test('a name that leads elsewhere is refused', async (t) => {
  const { store } = await open(t);
  for (const name of ['', '.', '..', '../up', 'a/b', '.hidden', '-x', 'a\0b', 'a'.repeat(256)]) {
    await t.rejects(store.create({ name }), invalid, JSON.stringify(name));
    t.throws(() => store.dataOf(name), invalid, JSON.stringify(name));
  }
});

t.test('a damaged record costs nobody the files: it counts as named', async (t) => {
  const { store, folder } = await open(t);
  await store.create({ name: 'data', anonymous: true });
  for (const text of ['', '{', 'null', '[]', '{"name":"../other","anonymous":true}']) {
    writeFileSync(`${folder}/data/record.json`, text);
    const { store: again } = await open(t, folder);
    t.match(again.get('data'), { name: 'data', anonymous: false, filling: false }, text);
  }
});
