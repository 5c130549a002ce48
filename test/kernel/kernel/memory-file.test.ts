import { ftruncateSync, openSync, readFileSync, readlinkSync, statSync, writeSync } from 'node:fs';
import koffi from 'koffi';
import t from 'tap';
import {
  Seal,
  addSeals,
  createMemoryFile,
  getSeals,
  sealedMemoryFile,
} from '../../../src/index.ts';
import { failureOf } from '../failure.ts';

const libc = koffi.load('libc.so.6');

t.test('a memory file is written, sealed, and changes no more', async (t) => {
  using file = createMemoryFile('notes');
  writeSync(file.fd, 'one');
  t.match(readlinkSync(`/proc/self/fd/${file.fd}`), /memfd:notes/);
  addSeals(file.fd, Seal.grow | Seal.shrink);
  t.equal(getSeals(file.fd), Seal.grow | Seal.shrink);
  t.throws(() => ftruncateSync(file.fd, 1), { code: 'EPERM' });
  t.throws(() => writeSync(file.fd, 'more'), { code: 'EPERM' });
  writeSync(file.fd, 'two', 0);
  addSeals(file.fd, Seal.write | Seal.seal);
  t.throws(() => writeSync(file.fd, 'x', 0), { code: 'EPERM' });
  t.throws(() => addSeals(file.fd, Seal.grow), { call: 'fcntl', code: 'EPERM' });
  t.equal(readFileSync(`/proc/self/fd/${file.fd}`, 'utf8'), 'two');
});

t.test('the seals are those that libc called directly sees', async (t) => {
  const getSealsDirectly = libc.func('int fcntl(int fd, int command)');
  const bytes = Buffer.alloc(3_000_000, 7);
  using file = sealedMemoryFile('program', bytes);
  t.equal(getSealsDirectly(file.fd, 1034), Seal.seal | Seal.shrink | Seal.grow | Seal.write);
  t.ok(readFileSync(`/proc/self/fd/${file.fd}`).equals(bytes));
  t.equal(statSync(`/proc/self/fd/${file.fd}`).size, bytes.length);
});

t.test('what is no memory file has no seals', async (t) => {
  const fd = openSync(import.meta.filename, 'r');
  t.throws(() => getSeals(fd), { call: 'fcntl', code: 'EINVAL' });
  t.match(await failureOf(() => createMemoryFile('x'.repeat(300))), { code: 'EINVAL' });
  t.match(await failureOf(() => createMemoryFile('a\0b')), { code: 'EINVAL' });
});
