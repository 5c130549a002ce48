import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { makePayload } from '../../../../src/kubelet/volume/payload/payload.ts';
import { readCurrent, replaceFiles } from '../../../../src/kubelet/volume/tree/replace-files.ts';
import { scratch } from '../../scratch.ts';

t.setTimeout(300_000);

function payloadOf(files: Readonly<Record<string, string>>, mode = 0o644) {
  return makePayload(
    Object.entries(files).map(([path, text]) => [path, { bytes: Buffer.from(text), mode }]),
  );
}

t.test('files come, change and go; what is the same is not written again', async (t) => {
  const { path, fd } = scratch(t);
  t.equal(await replaceFiles(fd, payloadOf({ a: '1', 'b/c': '2' })), true);
  const folder = readlinkSync(join(path, '..data'));
  t.equal(await replaceFiles(fd, payloadOf({ a: '1', 'b/c': '2' })), false);
  t.equal(readlinkSync(join(path, '..data')), folder);
  t.equal(await replaceFiles(fd, payloadOf({ a: '1', 'b/c': '2' }, 0o600)), true, 'other modes');
  t.equal(await replaceFiles(fd, payloadOf({ a: '1' })), true, 'a file less');
  t.same(readdirSync(path).length, 3);
  t.equal(await replaceFiles(fd, payloadOf({ a: '1', 'b/d': '3' })), true);
  t.equal(readFileSync(join(path, 'b/d'), 'utf8'), '3');
  t.equal(readCurrent(fd, 'b/d'), '3');
  t.equal(await replaceFiles(fd, payloadOf({})), true);
  t.same(
    readdirSync(path).filter((name) => !name.startsWith('..')),
    [],
  );
});

t.test('what a killed call left is cleared away by the next', async (t) => {
  const { path, fd } = scratch(t);
  await replaceFiles(fd, payloadOf({ a: '1' }));
  mkdirSync(join(path, '..2020_01_01_00_00_00.abc/deep'), { recursive: true });
  writeFileSync(join(path, '..data_tmp'), '');
  await replaceFiles(fd, payloadOf({ a: '2' }));
  t.same(readdirSync(path).length, 3);
  t.equal(readFileSync(join(path, 'a'), 'utf8'), '2');
});

const state = (number: number) =>
  payloadOf(Object.fromEntries(['a', 'b', 'c/d'].map((file) => [file, `${number}`])));

t.test('a reader never sees a mix of two states', async (t) => {
  const { path, fd } = scratch(t);
  await replaceFiles(fd, state(0));
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const source = `
    const { readFileSync, realpathSync } = require('node:fs');
    const { parentPort, workerData } = require('node:worker_threads');
    let reads = 0;
    const mixes = [];
    while (Atomics.load(workerData.stop, 0) === 0 && mixes.length === 0) {
      try {
        // Who reads several files goes by the folder, as ..data leads to it at one moment.
        const folder = realpathSync(workerData.path + '/..data');
        const seen = ['a', 'b', 'c/d'].map((file) => readFileSync(folder + '/' + file, 'utf8'));
        if (new Set(seen).size !== 1) mixes.push(seen.join());
        reads += 1;
      } catch (error) {
        // The folder of before is gone; a name of the volume never is.
        if (error.code !== 'ENOENT') mixes.push(error.message);
      }
      try {
        if (readFileSync(workerData.path + '/a', 'utf8') === '') mixes.push('an empty file');
      } catch (error) {
        if (error.code !== 'ENOENT') mixes.push(error.message);
      }
    }
    parentPort.postMessage({ reads, mixes });`;
  const worker = new Worker(source, { eval: true, workerData: { path, stop } });
  const answer = new Promise<{ reads: number; mixes: string[] }>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  await new Promise((resolve) => worker.once('online', resolve));
  for (let round = 1; round <= 400; round += 1) await replaceFiles(fd, state(round));
  Atomics.store(stop, 0, 1);
  const { reads, mixes } = await answer;
  t.same(mixes, []);
  t.ok(reads > 0, `${reads} reads`);
});

t.test('killed anywhere, the next process finds one state or the other', async (t) => {
  const { path, fd } = scratch(t);
  const source = new URL('../../../../src/', import.meta.url).href;
  const script = `
    const { openFolder } = await import('${source}kernel/open.ts');
    const { replaceFiles } = await import('${source}kubelet/volume/tree/replace-files.ts');
    const folder = openFolder(${JSON.stringify(path)});
    const file = (text) => ({ bytes: Buffer.from(text), mode: 0o644 });
    console.log('begun');
    for (let round = 0; ; round += 1) {
      await replaceFiles(folder.fd, new Map([['a', file('x' + round)], ['b', file('x' + round)]]));
    }`;
  for (let round = 0; round < 4; round += 1) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await new Promise((resolve) => setTimeout(resolve, 20 + 17 * round));
    child.kill('SIGKILL');
    await ended;
    t.equal(readCurrent(fd, 'a'), readCurrent(fd, 'b'));
    await replaceFiles(fd, payloadOf({ a: 'mine', b: 'mine' }));
    t.same(readdirSync(path).length, 4, 'nothing is left over');
    t.equal(readFileSync(join(path, 'a'), 'utf8'), 'mine');
  }
});
