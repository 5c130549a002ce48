import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { pino } from 'pino';
import t from 'tap';
import { type NamedRecord, RecordStore } from '../../../src/cri/record-store.ts';

const log = pino({ level: 'silent' });
const folder = await mkdtemp('/tmp/keelson-records-');
t.teardown(() => rm(folder, { recursive: true }));

const [a, b] = ['aa11', 'aa22'].map((id) => ({ id: id.padEnd(64, '0'), name: `n${id}` }));
if (a === undefined || b === undefined) throw new Error('two records');

const standIn = (id: string): NamedRecord => ({ id, name: '', damaged: true });
const kind = { standIn, isSound: ({ name }: NamedRecord) => name !== 'unsound' };

t.test('records are found by id, name and unambiguous start, also after a restart', async (t) => {
  const store = new RecordStore(`${folder}/one`, 'thing', kind);
  await store.load(log);
  await store.add(a);
  await store.add(b);
  for (const records of [store, new RecordStore(`${folder}/one`, 'thing', kind)]) {
    if (records !== store) await records.load(log);
    t.same(records.find(a.id), a);
    t.same(records.find('naa22'), b);
    t.same(records.find('aa2'), b);
    t.throws(() => records.find('aa'), /"aa" is the start of 2 ids/);
    t.throws(() => records.find('nn'), /No such thing: nn/);
    t.throws(() => records.find(''), /No such thing/);
  }
});

t.test('a name is one record its own, until it is renamed or removed', async (t) => {
  const store = new RecordStore(`${folder}/two`, 'thing', kind);
  await store.load(log);
  await store.add(a);
  await t.rejects(store.add({ ...b, name: a.name }), /"naa11" is in use by aa11/);
  t.notOk(store.has(b.id));
  const together = [store.add({ ...b, name: 'x' }), store.add({ id: 'c', name: 'x' })];
  const settled = await Promise.allSettled(together);
  t.same(settled.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  await store.update(a.id, { name: 'other' });
  store.checkName(a.name);
  await t.rejects(store.update(a.id, { name: 'x' }), /in use/);
  store.remove(a.id);
  store.checkName('other');
  store.remove(a.id);
});

t.test('a damaged record keeps nobody from starting, and half a one is removed', async (t) => {
  const path = `${folder}/three`;
  const store = new RecordStore(path, 'thing', kind);
  await store.load(log);
  await store.add(a);
  for (const [id, text] of Object.entries({
    zero: '',
    torn: '{"id":',
    kind: '[]',
    other: '{"id":"x","name":""}',
    mad: '{"id":"mad","name":"unsound"}',
  })) {
    await mkdir(`${path}/${id}`);
    await writeFile(`${path}/${id}/record.json`, text);
  }
  await mkdir(`${path}/half`);
  const again = new RecordStore(path, 'thing', kind);
  await again.load(log);
  const found = again.list().toSorted((one, two) => (one.id < two.id ? -1 : 1));
  t.same(
    found,
    [
      a,
      standIn('other'),
      standIn('torn'),
      standIn('zero'),
      standIn('kind'),
      standIn('mad'),
    ].toSorted((one, two) => (one.id < two.id ? -1 : 1)),
  );
  for (const id of ['other', 'torn', 'zero', 'kind', 'mad']) again.remove(id);
  t.same(await readdir(path), [a.id], 'they can be removed, and half a one is gone');
  t.same(again.list(), [a]);
});
