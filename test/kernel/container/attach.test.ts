import { readFileSync, renameSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { Scratch } from './scratch.ts';

if (process.getuid?.() !== 0) {
  t.plan(0, 'needs root');
  process.exit();
}

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

t.test('a client that reads nothing holds up neither log nor container', async (t) => {
  await using scratch = new Scratch();
  const script = 'yes 0123456789 | head -n 200000; echo done';
  await scratch.engine.create(scratch.bundle.request('c', ['sh', '-c', script]));
  const stuck = await scratch.engine.attach('c', { stdin: false });
  stuck.stdout.pause();
  await scratch.engine.start('c');
  const started = Date.now();
  t.equal((await scratch.engine.wait('c')).exitCode, 0);
  t.ok(Date.now() - started < 8000, 'it was given up after a while');
  const lines = scratch.log('c', 'stdout').split('\n');
  t.equal(lines.length, 200_002);
  t.equal(lines.at(-2), 'done');
  await stuck.close();
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
