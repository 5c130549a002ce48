/** What stands in the way of opening a store is said in one line that names the file. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import t from 'tap';
import { openEmbeddedStore } from '../../../src/store/open.ts';
import { bytes, refusal, temporaryFolder } from './opening.ts';

t.test('a folder that is missing', async (t) => {
  const path = join(await temporaryFolder(t), 'none', 'store.db');
  const error = await refusal(openEmbeddedStore(path));
  t.match(error, { kind: 'unavailable', message: /"[^"]*none\/store.db" cannot be opened/ });
  t.notMatch(String(error), /\n/);
});

t.test('a file that is no database', async (t) => {
  const path = join(await temporaryFolder(t), 'store.db');
  await writeFile(path, 'not a database, but long enough to be looked at'.repeat(100));
  const error = await refusal(openEmbeddedStore(path));
  t.match(error, { kind: 'invalid', message: /store.db" is not an SQLite database, or is dam/ });
});

t.test("another program's database is left alone", async (t) => {
  const path = join(await temporaryFolder(t), 'store.db');
  const other = new DatabaseSync(path);
  other.exec('CREATE TABLE theirs (x)');
  other.close();
  const error = await refusal(openEmbeddedStore(path));
  t.match(error, { kind: 'invalid', message: /store.db" is an SQLite database, but not a keelso/ });
  const again = new DatabaseSync(path);
  t.equal(again.prepare('SELECT count(*) AS n FROM theirs').get()?.['n'], 0);
  again.close();
});

t.test('a store of a newer version', async (t) => {
  const path = await closedStore(t, 1);
  const database = new DatabaseSync(path);
  database.exec('PRAGMA user_version = 99');
  database.close();
  const error = await refusal(openEmbeddedStore(path));
  t.match(error, { kind: 'unsupported', message: /has version 99; this program knows version 1/ });
});

t.test('a damaged page ends reads that need it with advice, not with wrong data', async (t) => {
  const path = await closedStore(t, 2_000);
  const file = await open(path, 'r+');
  const { size } = await file.stat();
  for (let at = 4096 * 3; at < size; at += 4096) {
    await file.write(Buffer.alloc(2_000, 0xa5), 0, 2_000, at);
  }
  await file.close();
  const reading = async (): Promise<void> => {
    const store = await openEmbeddedStore(path);
    t.teardown(() => store[Symbol.asyncDispose]().then(undefined, () => {}));
    await store.list('/', { limit: 5_000 });
  };
  const outcome = await refusal(reading());
  t.match(outcome, { kind: 'invalid', message: /store.db" is damaged: restore it from a backup/ });
});

t.test('a store that is open already, here and in another process', async (t) => {
  const path = join(await temporaryFolder(t), 'store.db');
  const store = await openEmbeddedStore(path);
  t.match(await refusal(openEmbeddedStore(path)), {
    kind: 'unavailable',
    message: `Store "${path}" is in use by process ${process.pid}`,
  });
  t.match(await openElsewhere(path), `Store "${path}" is in use by process ${process.pid}`);
  await store[Symbol.asyncDispose]();
  t.equal(await openElsewhere(path), 'opened');
});

t.test('a store that another program keeps locked', async (t) => {
  const path = await closedStore(t, 1);
  const other = new DatabaseSync(path);
  other.exec(
    'PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; DELETE FROM log WHERE revision < 0',
  );
  const error = await refusal(openEmbeddedStore(path));
  other.close();
  t.match(error, { kind: 'unavailable', message: /is locked by another program; end it or wait/ });
  const store = await openEmbeddedStore(path);
  t.equal(await store.count('/'), 1);
  await store[Symbol.asyncDispose]();
});

t.test('a file that this user may not write', async (t) => {
  if (process.getuid?.() === 0)
    return t.comment('root may: see the read-only disk in test/cluster');
  const path = await closedStore(t, 1);
  const file = await open(path, 'r');
  await file.chmod(0o400);
  await file.close();
  t.match(await refusal(openEmbeddedStore(path)), { message: /is read-only/ });
});

t.test('nobody else may read the store, its log, its lock or its backups', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openEmbeddedStore(join(folder, 'store.db'));
  await store.create('/registry/secrets/a/b', bytes('secret'));
  await store.backup(join(folder, 'backup.db'));
  const names = await readdir(folder);
  t.ok(names.length >= 6, names.join(' '));
  for (const name of names) {
    t.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name);
  }
  await store[Symbol.asyncDispose]();
});

t.test('an empty file is a new store', async (t) => {
  const path = join(await temporaryFolder(t), 'store.db');
  await writeFile(path, '');
  const store = await openEmbeddedStore(path);
  await store.create('/a/b', bytes('x'));
  await store[Symbol.asyncDispose]();
  t.equal((await readFile(path)).subarray(0, 15).toString(), 'SQLite format 3');
});

async function closedStore(
  t: Parameters<typeof temporaryFolder>[0],
  keys: number,
): Promise<string> {
  const path = join(await temporaryFolder(t), 'store.db');
  const store = await openEmbeddedStore(path);
  const value = bytes('x'.repeat(500));
  await Promise.all(
    Array.from({ length: keys }, (_, index) => store.create(`/registry/a/${index}`, value)),
  );
  await store[Symbol.asyncDispose]();
  return path;
}

async function openElsewhere(path: string): Promise<string> {
  const module = new URL('../../../src/store/open.ts', import.meta.url).href;
  const program = `import { openEmbeddedStore } from '${module}';
    const say = (words) => process.stdout.write(words);
    await openEmbeddedStore(process.argv[1]).then(
      async (store) => { say('opened'); await store[Symbol.asyncDispose](); },
      (error) => say(error.message));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, path]);
  let said = '';
  child.stdout.on('data', (data: Buffer) => {
    said += data.toString();
  });
  await once(child, 'close');
  return said;
}
