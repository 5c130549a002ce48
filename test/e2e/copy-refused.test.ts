/** keelson cp where it must not succeed, and where a container would lead it astray. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
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
writeFileSync(`${from}/run`, '#!/bin/sh\n', { mode: 0o755 });

t.test('what cannot be copied is told in one line', async (t) => {
  await run('run', '-d', '--name', 'no', '--read-only', 'busybox', 'sleep', '60');
  await run('create', '--name', 'new', '--read-only', 'busybox', 'true');
  const cases: [RegExp, ...string[]][] = [
    [/There is no "\/none" in the container/, 'no:/none', '/tmp/none'],
    [/There is no "\/etc\/passwd\/" in the container/, 'no:/etc/passwd/', '/tmp/none'],
    [/There is no "\/none" to copy/, '/none', 'no:/x'],
    [/There is no folder "\/none" to copy to/, 'no:/etc', '/none/x'],
    [/is a file, not a folder/, 'no:/etc', `${from}/run`],
    [/is a folder, not a file/, 'no:/etc/passwd', `${folder}/holder`],
    [/There is no "\/none\/x" in the container/, `${from}/run`, 'no:/none/x'],
    [/There is no folder "\/etc\/passwd\/"/, `${from}/run`, 'no:/etc/passwd/'],
    [/"\/etc\/passwd" in the container is a file/, from, 'no:/etc/passwd'],
    [/EROFS/, from, 'no:/etc'],
    [/EROFS/, from, 'new:/etc'],
    [/One of the two places/, '/a', '/b'],
    [/No such container: nobody/, 'nobody:/a', '/b'],
  ];
  mkdirSync(`${folder}/holder/passwd`, { recursive: true });
  for (const [message, ...args] of cases) {
    const { code, stderr } = await run('cp', ...args);
    t.equal(code, 1, args.join(' '));
    t.match(stderr, message);
    t.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  }
  await run('rm', '-f', 'no', 'new');
});

t.test('a link of the container leads to nothing of the host', async (t) => {
  const secret = `${folder}/secret`;
  writeFileSync(secret, 'of the host');
  const script = `ln -s ${folder} /out; ln -s ../../../../../..${secret} /up; ln -s /proc/1/root /p;
    mkdir -p ${folder}; echo inside > ${secret}; sleep 1000`;
  await run('run', '-d', '--name', 'liar', 'busybox', 'sh', '-c', script);
  const taken = `${folder}/taken`;
  t.equal((await run('cp', '-L', 'liar:/up', taken)).code, 0);
  t.equal(readFileSync(taken, 'utf8'), 'inside\n', "the container's own file of that name");
  t.equal((await run('cp', 'liar:/out/secret', taken)).code, 0);
  t.equal(readFileSync(taken, 'utf8'), 'inside\n');
  t.match(await run('cp', `liar:/p${secret}`, taken), { code: 1, stderr: /no "\/p/ });
  t.equal((await run('cp', taken, 'liar:/out/secret')).code, 0);
  t.equal((await run('cp', taken, 'liar:/up')).code, 0);
  t.equal(readFileSync(secret, 'utf8'), 'of the host');
  await run('rm', '-f', 'liar');
});
