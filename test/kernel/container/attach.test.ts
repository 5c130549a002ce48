import { once } from 'node:events';
import { readFileSync, renameSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { Scratch } from './scratch.ts';

if (process.getuid?.() !== 0) {
  t.plan(0, 'needs root');
  process.exit();
}

t.setTimeout(240_000);

t.test('an attached client types into the container and sees its output', async (t) => {
  await using scratch = new Scratch();
  const request = { ...scratch.bundle.request('c', ['sh', '-c', 'cat; echo end']), stdin: 'once' };
  await scratch.engine.create({ ...request, stdin: 'once' });
  const session = await scratch.engine.attach('c', { stdin: true });
  await scratch.engine.start('c');
  session.stdin?.end('typed\n');
  t.equal(await text(session.stdout), 'typed\nend\n');
  t.equal(await session.exited, 0);
  await session.close();
  t.equal(scratch.log('c', 'stdout'), 'typed\nend\n', 'and the log has it too');
});

t.test('a container with a terminal is attached to it', async (t) => {
  await using scratch = new Scratch();
  const script = 'test -t 0 && stty -echo && echo tty; read line; echo "got $line"';
  const request = scratch.bundle.request('c', ['sh', '-c', script], {
    process: { terminal: true },
  });
  await scratch.engine.create({ ...request, stdin: 'open' });
  const session = await scratch.engine.attach('c', { stdin: true });
  await scratch.engine.start('c');
  let out = '';
  for await (const chunk of session.stdout) {
    // What is typed before the program is ready would be echoed before its first words.
    if (out === '') session.stdin?.write('abc\n');
    out += String(chunk);
  }
  t.equal(out, 'tty\r\ngot abc\r\n');
  t.equal(await session.exited, 0);
  await session.close();
});

t.test('a terminal works in a user namespace too', async (t) => {
  await using scratch = new Scratch();
  const map = [{ containerID: 0, hostID: 400_000, size: 1000 }];
  const kinds = ['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup', 'user'] as const;
  const namespaces = kinds.map((type) => ({ type }));
  const { out } = await scratch.run(['sh', '-c', 'tty'], {
    process: { terminal: true },
    linux: { namespaces, uidMappings: map, gidMappings: map },
  });
  t.match(out, /^\/dev\/pts\/0/);
});

t.test('a client that reads nothing is given up; the log has it all', async (t) => {
  await using scratch = new Scratch();
  const script = 'yes 0123456789 | head -n 200000; echo done';
  await scratch.engine.create(scratch.bundle.request('c', ['sh', '-c', script]));
  const stuck = await scratch.engine.attach('c', { stdin: false, patienceMs: 300 });
  stuck.stdout.pause();
  await scratch.engine.start('c');
  t.equal((await scratch.engine.wait('c')).exitCode, 0);
  const lines = scratch.log('c', 'stdout').split('\n');
  t.equal(lines.length, 200_002);
  t.equal(lines.at(-2), 'done');
  t.ok((await text(stuck.stdout)).length < 2_200_000, 'it has not got all');
  t.equal(stuck.givenUp?.(), true, 'and is told');
  await stuck.close();
});

t.test('a slow client holds the program back and gets all of its output', async (t) => {
  await using scratch = new Scratch();
  const script = 'yes 0123456789 | head -n 100000; echo done';
  await scratch.engine.create(scratch.bundle.request('c', ['sh', '-c', script]));
  const slow = await scratch.engine.attach('c', { stdin: false });
  const quick = await scratch.engine.attach('c', { stdin: false });
  slow.stdout.pause();
  await scratch.engine.start('c');
  const all = text(quick.stdout);
  await delay(500);
  t.match(scratch.engine.status('c'), { state: 'running' }, 'it waits');
  t.ok(scratch.log('c', 'stdout').length < 800_000, 'so that nothing is gathered');
  t.equal((await text(slow.stdout)).length, 1_100_005);
  t.equal((await all).length, 1_100_005, 'for the other client too');
  t.equal((await scratch.engine.wait('c')).exitCode, 0);
  t.equal(scratch.log('c', 'stdout').length, 1_100_005);
  t.equal(slow.givenUp?.(), false);
  await Promise.all([slow.close(), quick.close()]);
});

t.test('the end of the output reaches a client that is behind when the program ends', async (t) => {
  await using scratch = new Scratch();
  const script = 'yes 0123456789 | head -n 11000; echo done';
  await scratch.engine.create(scratch.bundle.request('c', ['sh', '-c', script]));
  const slow = await scratch.engine.attach('c', { stdin: false });
  slow.stdout.pause();
  await scratch.engine.start('c');
  t.equal((await scratch.engine.wait('c')).exitCode, 0, 'it fits into pipes');
  const out = await text(slow.stdout);
  t.equal(out.length, 121_005);
  t.ok(out.endsWith('done\n'));
  await slow.close();
});

t.test('clients come and go while a program is silent', async (t) => {
  await using scratch = new Scratch();
  const request = scratch.bundle.request('c', ['sh', '-c', 'cat; sleep 1000']);
  await scratch.engine.create({ ...request, stdin: 'open' });
  await scratch.engine.start('c');
  for (let round = 0; round < 150; round++) {
    const session = await scratch.engine.attach('c', { stdin: true });
    await session.close();
  }
  const session = await scratch.engine.attach('c', { stdin: true });
  session.stdin?.write('word\n');
  const [chunk] = (await once(session.stdout, 'data')) as [Buffer];
  t.equal(String(chunk), 'word\n');
  await session.close();
});

t.test('a client that vanishes while the program waits for it frees the program', async (t) => {
  await using scratch = new Scratch();
  const script = 'yes 0123456789 | head -n 100000; echo done';
  await scratch.engine.create(scratch.bundle.request('c', ['sh', '-c', script]));
  const stuck = await scratch.engine.attach('c', { stdin: false, patienceMs: 600_000 });
  stuck.stdout.pause();
  await scratch.engine.start('c');
  await delay(200);
  t.match(scratch.engine.status('c'), { state: 'running' });
  await stuck.close();
  t.equal((await scratch.engine.wait('c')).exitCode, 0);
  t.equal(scratch.log('c', 'stdout').length, 1_100_005);
});

t.test('a reopened log goes on in a new file, with no line lost', async (t) => {
  await using scratch = new Scratch();
  const script = 'i=0; while [ $i -lt 400 ]; do echo line $i; i=$((i+1)); sleep 0.001; done';
  const request = scratch.bundle.request('c', ['sh', '-c', script]);
  await scratch.engine.create(request);
  await scratch.engine.start('c');
  const parts: string[] = [];
  const path = request.logPath ?? '';
  for (let round = 0; round < 3; round++) {
    await delay(60);
    renameSync(path, `${path}.${round}`);
    await scratch.engine.reopenLog('c');
    parts.push(`${path}.${round}`);
  }
  await scratch.engine.wait('c');
  const all = [...parts, path].map((part) => readFileSync(part, 'utf8')).join('');
  const lines = all.trim().split('\n');
  t.same(
    lines.map((line) => line.split(' ').slice(1).join(' ')),
    Array.from({ length: 400 }, (_, i) => `stdout F line ${i}`),
  );
});

t.test('long lines are split, the last one without an end is kept', async (t) => {
  await using scratch = new Scratch();
  const script = 'head -c 40000 /dev/zero | tr "\\0" x; echo; printf rest';
  await scratch.run(['sh', '-c', script]);
  const text = readFileSync(scratch.bundle.path('run1.log'), 'utf8').trim().split('\n');
  const shape = text.map((line) => {
    const [time = '', stream, tag, content = ''] = line.split(' ');
    t.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
    return `${stream} ${tag} ${content.length}`;
  });
  t.same(shape, ['stdout P 16384', 'stdout P 16384', 'stdout F 7232', 'stdout F 4']);
});
