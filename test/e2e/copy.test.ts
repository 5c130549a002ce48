/** keelson cp, with containers that run and that do not. */
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { PrivateRuntime } from './private-runtime.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(200_000);
const runtime = await PrivateRuntime.start();
t.teardown(() => runtime[Symbol.asyncDispose]());
const run = runtime.run.bind(runtime);
const { folder } = runtime;

const from = `${folder}/from`;
mkdirSync(`${from}/sub`, { recursive: true });
writeFileSync(`${from}/sub/file`, 'text\n');
writeFileSync(`${from}/run`, '#!/bin/sh\n', { mode: 0o755 });
symlinkSync('run', `${from}/link`);
const shared = `${folder}/shared`;
mkdirSync(shared);

const quiet = { code: 0, stdout: '', stderr: '' };
const mount = ['-v', `${shared}:/shared`];

/** A running container and one that has ended, each with a volume of the host. */
for (const [state, script] of [
  ['running', 'sleep 1000'],
  ['ended', 'true'],
] as const) {
  t.test(`both ways, of a container that is ${state}`, async (t) => {
    await run('run', '-d', '--name', 'box', ...mount, 'busybox', 'sh', '-c', script);
    if (state === 'ended') await run('wait', 'box');
    t.match(await run('cp', from, 'box:/data'), quiet, 'a folder gets a name');
    t.match(await run('cp', from, 'box:/data'), quiet, 'and then goes into it');
    t.match(await run('cp', `${from}/.`, 'box:/shared'), quiet, 'contents alone');
    t.equal(readFileSync(`${shared}/sub/file`, 'utf8'), 'text\n', 'on the volume of the host');
    const back = `${folder}/back-${state}`;
    t.match(await run('cp', 'box:/data', back), quiet);
    t.equal(readFileSync(`${back}/from/sub/file`, 'utf8'), 'text\n');
    t.equal(readFileSync(`${back}/sub/file`, 'utf8'), 'text\n');
    t.equal(lstatSync(`${back}/run`).mode & 0o777, 0o755);
    t.ok(lstatSync(`${back}/link`).isSymbolicLink());
    writeFileSync(`${back}/own`, 'stays');
    t.match(await run('cp', 'box:/data/.', back), quiet, 'contents into what is there');
    t.equal(readFileSync(`${back}/own`, 'utf8'), 'stays');

    t.match(await run('cp', '-L', 'box:/data/link', `${folder}/followed`), quiet);
    t.equal(readFileSync(`${folder}/followed`, 'utf8'), '#!/bin/sh\n');
    t.match(await run('cp', `${from}/sub/file`, 'box:/etc/new'), quiet, 'under another name');
    const { stdout } = await run('cp', 'box:/etc/new', '-');
    writeFileSync(`${folder}/one.tar`, stdout);
    t.match(
      execFileSync('tar', ['-tvf', `${folder}/one.tar`], { encoding: 'utf8' }),
      / 0\/0 .* new$/m,
    );
    const archive = execFileSync('tar', ['-C', from, '-cf', '-', 'sub'], { encoding: 'latin1' });
    t.match(await runtime.runWith(archive, 'cp', '-', 'box:/etc'), quiet);
    t.match(await run('diff', 'box'), { stdout: /^A \/etc\/sub\/file$/m });
    await run('rm', '-f', 'box');
    t.same(await runtime.leftovers(), []);
  });
}

t.test('into a user namespace, its root owns what is made', async (t) => {
  const flags = ['-d', '--name', 'mapped', '--userns', '100000:65536'];
  await run('run', ...flags, 'busybox', 'sleep', '1000');
  t.match(await run('cp', from, 'mapped:/data'), quiet);
  t.equal((await run('exec', 'mapped', 'stat', '-c', '%u', '/data/sub/file')).stdout, '0\n');
  t.match(await run('cp', 'mapped:/data', `${folder}/mapped`), quiet);
  t.equal(lstatSync(`${folder}/mapped/sub/file`).uid, 0);
  await run('exec', 'mapped', 'touch', '/made');
  t.equal((await run('commit', 'mapped', 'shifted')).code, 0);
  const owner = await run('run', '--rm', 'shifted', 'stat', '-c', '%u:%g', '/made');
  t.equal(owner.stdout, '0:0\n', 'an image has the owners of the inside');
  await run('rm', '-f', 'mapped');
});
