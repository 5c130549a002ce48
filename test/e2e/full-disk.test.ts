import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Outcome, PrivateRuntime } from './private-runtime.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(110_000);
const root = mkdtempSync('/var/tmp/keelson-disk-');
execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'none', root]);
const runtime = await PrivateRuntime.start({ flags: ['--root', root] });
t.teardown(async () => {
  await runtime[Symbol.asyncDispose]();
  execFileSync('umount', [root]);
  rmdirSync(root);
});
const run = runtime.run.bind(runtime);
const filler = join(root, 'filler');

/** Leaves so many bytes free. */
function fill(free: number): void {
  rmSync(filler, { force: true });
  const { bavail, bsize } = statfsSync(root);
  writeFileSync(filler, Buffer.alloc(Math.max(bavail * bsize - free, 0)));
}

function isOneLine(t: Test, outcome: Outcome): void {
  t.not(outcome.code, 0);
  t.match(outcome.stderr, /^keelson: .*(No space left|ENOSPC).*\n$/, outcome.stderr);
}

const images = async () => (await run('images', '-q')).stdout;

t.test('load of an archive that does not fit is one clear line, and leaves nothing', async (t) => {
  const archive = join(runtime.folder, 'large.tar');
  const tree = join(runtime.folder, 'tree');
  execFileSync('mkdir', [tree]);
  writeFileSync(join(tree, 'noise'), randomBytes(8_000_000));
  execFileSync('tar', ['-C', tree, '-cf', join(runtime.folder, 'root.tar'), '.']);
  t.equal((await run('import', join(runtime.folder, 'root.tar'), 'large')).code, 0);
  t.equal((await run('save', '-o', archive, 'large')).code, 0);
  t.equal((await run('rmi', 'large')).code, 0);
  const before = await images();
  fill(4_000_000);
  isOneLine(t, await run('load', '-i', archive));
  t.equal(await images(), before);
  rmSync(filler);
  t.equal((await run('load', '-i', archive)).code, 0, 'with room it is loaded');
  t.equal((await run('rmi', 'large')).code, 0);
});

t.test('a container that cannot be written down is not made', async (t) => {
  fill(0);
  isOneLine(t, await run('run', '--name', 'none', 'busybox', 'true'));
  t.equal((await run('ps', '-aq')).stdout, '');
  rmSync(filler);
  t.same(await runtime.leftovers(), []);
  t.equal((await run('run', '--rm', '--name', 'none', 'busybox', 'true')).code, 0);
});

t.test('a commit that does not fit leaves no image', async (t) => {
  const write = 'dd if=/dev/urandom of=/noise bs=1M count=8 2>/dev/null';
  t.equal((await run('run', '--name', 'writer', 'busybox', 'sh', '-c', write)).code, 0);
  const before = await images();
  fill(1_000_000);
  isOneLine(t, await run('commit', 'writer', 'written'));
  t.equal(await images(), before);
  rmSync(filler);
  t.equal((await run('commit', 'writer', 'written')).code, 0, 'with room it is committed');
  t.equal((await run('rm', 'writer')).code, 0);
  t.same(await runtime.leftovers(), []);
});
