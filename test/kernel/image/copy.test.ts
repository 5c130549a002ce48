/** Copying out of and into a root whose owner exchanges folders for links meanwhile. */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { isDomainError, isKernelError } from '../../../src/base/error.ts';
import { copyFilesIn, copyFilesOut } from '../../../src/image/copy/copy-files.ts';
import { archive, entry } from '../../unit/image/layer/tar-block.ts';
import { withoutRoot } from '../skip.ts';

const options = { skip: withoutRoot };
const never = new AbortController().signal;

async function copiedOut(pid: number, path: string): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const item of copyFilesOut({ pid }, { path, followLink: true }, never)) {
    if (item instanceof Uint8Array) parts.push(item);
  }
  return Buffer.concat(parts).toString('latin1');
}

t.setTimeout(110_000);

t.test('a folder that becomes a link all the time leads nowhere outside', options, async (t) => {
  const folder = t.testdir({ host: { file: 'of the host' }, root: { bin: {}, w: { real: {} } } });
  const root = join(folder, 'root');
  cpSync('/bin/busybox', join(root, 'bin/busybox'));
  writeFileSync(join(root, 'w/real/file'), 'inside');
  symlinkSync(join(folder, 'host'), join(root, 'w/link'));
  const swap = `while :; do
    busybox mv -T /w/real /w/kept; busybox mv -T /w/link /w/real
    busybox mv -T /w/real /w/link; busybox mv -T /w/kept /w/real; done`;
  const attacker = spawn('chroot', [root, '/bin/busybox', 'sh', '-c', swap]);
  const ended = new Promise((resolve) => attacker.once('exit', resolve));
  await using _attack = {
    async [Symbol.asyncDispose]() {
      attacker.kill('SIGKILL');
      await ended;
    },
  };
  const { pid = 0 } = attacker;
  await sleep(200);
  // Not so busy that nobody else gets a turn.
  execFileSync('renice', ['-n', '19', '-p', String(pid)], { stdio: 'ignore' });
  const bytes = archive(entry({ name: 'placed' }, 'mine'));
  const outcomes = { out: 0, in: 0, refused: 0 };
  for (let round = 0; round < 40; round += 1) {
    try {
      const text = await copiedOut(pid, '/w/real/file');
      t.notMatch(text, 'of the host');
      outcomes.out += 1;
      const place = { path: '/w/real/placed', name: 'placed', isFolder: false };
      await copyFilesIn({ pid }, { ...place, archive: once(bytes) }, never);
      outcomes.in += 1;
    } catch (error) {
      if (!isDomainError(error) && !isKernelError(error)) throw error;
      outcomes.refused += 1;
    }
  }
  t.comment(JSON.stringify(outcomes));
  t.same(readdirSync(join(folder, 'host')), ['file'], 'nothing was put outside');
  t.equal(readFileSync(join(folder, 'host/file'), 'utf8'), 'of the host');
});

t.test('an image that is many layers deep is read like any other', options, async (t) => {
  const folder = t.testdir({ upper: {}, work: {}, layers: {} });
  const layers = Array.from({ length: 320 }, (_, index) => join(folder, 'layers', String(index)));
  for (const [index, layer] of layers.entries()) {
    mkdirSync(layer);
    writeFileSync(join(layer, 'top'), String(index));
    writeFileSync(join(layer, `f${index}`), '');
  }
  execFileSync('mknod', [join(layers[100] ?? '', 'f250'), 'c', '0', '0']);
  const snapshot = { id: 'x', layers, upper: join(folder, 'upper'), work: join(folder, 'work') };
  const source = { snapshot, readonly: false, mounts: [] };
  let text = '';
  for await (const item of copyFilesOut(source, { path: '/.', followLink: false }, never)) {
    if (item instanceof Uint8Array) text += Buffer.from(item).toString('latin1');
  }
  t.match(text, 'f319\0');
  t.notMatch(text, 'f250\0', 'what a middle layer removed is gone');
});

t.test('a copy that is given up ends, though nothing more comes', options, async (t) => {
  const stop = new AbortController();
  const place = { path: '/tmp', name: 'x', isFolder: false };
  const request = { ...place, archive: nothing(stop) };
  await t.rejects(copyFilesIn({ pid: process.pid }, request, stop.signal), /given up|ends within/);
});

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function* nothing(stop: AbortController): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(10);
  stop.abort();
}
