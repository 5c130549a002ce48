import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { gunzipSync } from 'node:zlib';
import {
  logSize,
  openLogFolder,
  removeOldLogs,
  rotateLog,
} from '../../../src/kubelet/node/room/rotate-log.ts';

const logs = mkdtempSync(join(tmpdir(), 'keelson-rotate-'));
t.teardown(() => rmSync(logs, { recursive: true, force: true }));

function makeFolder(name: string): string {
  const folder = join(logs, name, 'main');
  mkdirSync(folder, { recursive: true });
  return folder;
}

const refuse = () => Promise.reject(new Error('away'));
const start = Date.parse('2026-01-02T15:04:05Z');

t.test('logs are put aside, compressed and at last removed', async (t) => {
  const path = makeFolder('a');
  using folder = openLogFolder(logs, 'a/main');
  if (folder === undefined) throw new Error('no folder');
  for (let round = 0; round < 5; round += 1) {
    writeFileSync(join(path, '0.log'), `round ${round}\n`);
    t.equal(logSize(folder, '0.log'), 8);
    const reopen = async () => writeFileSync(join(path, '0.log'), '');
    const nowMs = start + round * 1000;
    await rotateLog({ folder, name: '0.log', files: 3, nowMs, reopen });
  }
  t.same(readdirSync(path).toSorted(), [
    '0.log',
    '0.log.20260102-150408.gz',
    '0.log.20260102-150409',
  ]);
  const compressed = readFileSync(join(path, '0.log.20260102-150408.gz'));
  t.equal(gunzipSync(compressed).toString(), 'round 3\n');
  t.equal(readFileSync(join(path, '0.log.20260102-150409'), 'utf8'), 'round 4\n');
});

t.test('a runtime that does not reopen keeps its log', async (t) => {
  const path = makeFolder('b');
  using folder = openLogFolder(logs, 'b/main');
  if (folder === undefined) throw new Error('no folder');
  writeFileSync(join(path, '0.log'), 'kept');
  const rotation = { folder, name: '0.log', files: 3, nowMs: start, reopen: refuse };
  await t.rejects(rotateLog(rotation), { message: 'away' });
  t.equal(readFileSync(join(path, '0.log'), 'utf8'), 'kept');
  t.same(readdirSync(path), ['0.log']);
});

t.test('links that a pod has put there lead nowhere', async (t) => {
  const path = makeFolder('c');
  const victim = join(logs, 'victim');
  writeFileSync(victim, 'precious');
  using folder = openLogFolder(logs, 'c/main');
  if (folder === undefined) throw new Error('no folder');
  symlinkSync(victim, join(path, '1.log'));
  t.equal(logSize(folder, '1.log'), 0, 'a link has no size');
  writeFileSync(join(path, '0.log'), 'x');
  symlinkSync(victim, join(path, '0.log.20250101-000000'));
  symlinkSync(victim, join(path, '0.log.20250102-000000.tmp'));
  execFileSync('mkfifo', [join(path, '0.log.20250103-000000')]);
  const rotation = { folder, name: '0.log', files: 9, nowMs: start, reopen: refuse };
  await rotateLog(rotation).catch(() => undefined);
  t.equal(readFileSync(victim, 'utf8'), 'precious');
  symlinkSync(path, join(logs, 'd'));
  t.equal(openLogFolder(logs, 'd'), undefined, 'nor is a folder followed');
  t.equal(openLogFolder(logs, '../'), undefined);
  t.equal(openLogFolder(logs, 'none'), undefined);
});

t.test('logs of attempts that are gone go too', async (t) => {
  const path = makeFolder('e');
  for (const name of ['1.log', '1.log.20260101-000000.gz', '2.log', '3.log', 'other.txt']) {
    writeFileSync(join(path, name), '');
  }
  using folder = openLogFolder(logs, 'e/main');
  if (folder === undefined) throw new Error('no folder');
  await removeOldLogs(folder, [3, 2]);
  t.same(readdirSync(path).toSorted(), ['2.log', '3.log', 'other.txt']);
});
