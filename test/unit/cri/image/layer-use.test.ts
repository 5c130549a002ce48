import t from 'tap';
import { DomainError } from '../../../../src/base/error.ts';
import { LayerUse } from '../../../../src/cri/image/layer-use.ts';

/** Folders whose sizes the test sets, and how often each was walked. */
function folders() {
  const bytes = new Map<string, number>();
  const walks: string[] = [];
  return {
    bytes,
    walks,
    snapshotUse: async (id: string) => {
      walks.push(id);
      const found = bytes.get(id);
      if (found === undefined) throw new DomainError('notFound', `No snapshot ${id}`);
      return { bytes: found, inodes: 1 };
    },
  };
}

t.test('a folder is walked once while its size is fresh, whoever asks', async (t) => {
  const images = folders();
  images.bytes.set('a', 10);
  const use = new LayerUse(images);
  const [one, two] = await Promise.all([use.of('a'), use.of('a')]);
  t.match(one, { bytes: 10, inodes: 1 });
  t.equal(two, one);
  images.bytes.set('a', 20);
  t.equal((await use.of('a'))?.bytes, 10);
  t.same(images.walks, ['a']);
});

t.test('an old size is given at once, with its time, while the new one is counted', async (t) => {
  t.context.now = Date.now();
  const clock = t.intercept(Date, 'now', { value: () => t.context.now as number });
  const images = folders();
  images.bytes.set('a', 10);
  const use = new LayerUse(images);
  const first = await use.of('a');
  images.bytes.set('a', 20);
  t.context.now += 10_000;
  t.same(await use.of('a'), first);
  await new Promise(setImmediate);
  t.equal((await use.of('a'))?.bytes, 20);
  t.equal(images.walks.length, 2);
  clock();
});

t.test('what is removed is unknown, and not an error', async (t) => {
  const images = folders();
  const use = new LayerUse(images);
  t.equal(await use.of('gone'), undefined);
  images.bytes.set('a', 1);
  await use.of('a');
  use.forget('a');
  images.bytes.delete('a');
  t.equal(await use.of('a'), undefined);
});
