import { closeSync, ftruncateSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import t from 'tap';
import {
  copyFileRange,
  dataExtents,
  fstat,
  nextData,
  punchHole,
  reserve,
  syncFileSystem,
} from '../../../src/index.ts';
import { scratch, type Scratch } from '../scratch.ts';

function create({ path }: Scratch, name: string): number {
  return openSync(`${path}/${name}`, 'w+');
}

t.test('a copy moves the given offsets and both positions', async (t) => {
  const folder = scratch(t);
  const [from, to] = [create(folder, 'from'), create(folder, 'to')];
  writeSync(from, 'abcdefgh');
  t.equal(copyFileRange({ fd: from, offset: 2 }, { fd: to, offset: 1 }, 3), 3);
  t.equal(readFileSync(`${folder.path}/to`, 'utf8'), '\0cde');
  t.equal(copyFileRange({ fd: from }, { fd: to }, 10), 0, 'position is at the end');
  closeSync(from);
  closeSync(to);
});

t.test('holes are found, made and skipped', async (t) => {
  const folder = scratch(t);
  const fd = create(folder, 'sparse');
  const block = 65_536;
  ftruncateSync(fd, 10 * block);
  t.equal(nextData(fd, 0), undefined, 'all of it is a hole');
  writeSync(fd, Buffer.alloc(block, 1), 0, block, 2 * block);
  writeSync(fd, Buffer.alloc(block, 1), 0, block, 6 * block);
  t.same(
    [...dataExtents(fd)],
    [
      { offset: 2 * block, bytes: block },
      { offset: 6 * block, bytes: block },
    ],
  );
  punchHole(fd, { offset: 2 * block, bytes: block });
  t.same([...dataExtents(fd)], [{ offset: 6 * block, bytes: block }]);
  t.equal(statSync(`${folder.path}/sparse`).size, 10 * block);
  closeSync(fd);
});

t.test('reserved space counts before it is written', async (t) => {
  const folder = scratch(t);
  const fd = create(folder, 'reserved');
  reserve(fd, { offset: 0, bytes: 1_048_576 });
  t.equal(fstat(fd).sizeBytes, 1_048_576);
  t.ok(fstat(fd).blocks * 512 >= 1_048_576);
  syncFileSystem(fd);
  t.throws(() => reserve(fd, { offset: 0, bytes: 2 ** 52 }), { code: /ENOSPC|EFBIG/ });
  closeSync(fd);
});
