import { setTimeout as delay } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import t from 'tap';
import type { ExecRequest } from '../../../src/container/container-engine.ts';
import { Scratch } from './scratch.ts';

if (process.getuid?.() !== 0) {
  t.plan(0, 'needs root');
  process.exit();
}

async function startSleeper(scratch: Scratch): Promise<void> {
  await scratch.engine.create(scratch.bundle.request('c', ['sleep', '1000']));
  await scratch.engine.start('c');
}

async function exec(scratch: Scratch, args: readonly string[], change: Partial<ExecRequest> = {}) {
  return await scratch.engine.exec('c', { args, terminal: false, stdin: false, ...change });
}

t.test('an exec has its own streams, input and exit code', async (t) => {
  await using scratch = new Scratch();
  await startSleeper(scratch);
  const session = await exec(scratch, ['sh', '-c', 'cat; echo err >&2; exit 5'], { stdin: true });
  session.stdin?.end('typed\n');
  const [out, err, code] = await Promise.all([
    text(session.stdout),
    text(session.stderr ?? session.stdout),
    session.exited,
  ]);
  t.same([out, err, code], ['typed\n', 'err\n', 5]);
  await session.close();
});

t.test('a megabyte goes through an exec in both directions', async (t) => {
  await using scratch = new Scratch();
  await startSleeper(scratch);
  const session = await exec(scratch, ['cat'], { stdin: true });
  const sent = 'x'.repeat(1_000_000);
  session.stdin?.end(sent);
  t.ok((await text(session.stdout)) === sent);
  t.equal(await session.exited, 0);
  await session.close();
});

t.test('an exec has a terminal of the size that was asked for, and may change it', async (t) => {
  await using scratch = new Scratch();
  await startSleeper(scratch);
  const script = 'stty size; read line; stty size; echo "got $line"; exit 4';
  const session = await exec(scratch, ['sh', '-c', script], {
    terminal: true,
    stdin: true,
    size: { rows: 33, columns: 99 },
  });
  let out = '';
  session.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  for (let round = 0; round < 100 && !out.includes('33 99'); round++) await delay(10);
  await session.resize({ rows: 40, columns: 120 });
  session.stdin?.write('abc\n');
  t.equal(await session.exited, 4);
  t.equal(session.stderr, undefined);
  for (let round = 0; round < 100 && !out.includes('got'); round++) await delay(10);
  t.equal(out, '33 99\r\nabc\r\n40 120\r\ngot abc\r\n');
  await session.close();
});

t.test('closing an exec ends its whole tree, and nothing else', async (t) => {
  await using scratch = new Scratch();
  await startSleeper(scratch);
  const tree = 'sleep 901 & (sleep 902 & sleep 903) & setsid sleep 904 & sleep 905';
  const session = await exec(scratch, ['sh', '-c', tree]);
  for (let i = 0; i < 200 && (await scratch.engine.processes('c')).length < 7; i++) await delay(10);
  await session.close();
  t.equal(await session.exited, 137);
  for (let i = 0; i < 200 && (await scratch.engine.processes('c')).length > 1; i++) await delay(10);
  t.same(await scratch.engine.processes('c'), [scratch.engine.status('c').pid]);
});

t.test('an exec runs as the user that is named in the container', async (t) => {
  await using scratch = new Scratch();
  await startSleeper(scratch);
  const session = await exec(scratch, ['id'], { user: '1234:55' });
  t.equal((await text(session.stdout)).trim(), 'uid=1234 gid=55 groups=55');
  await session.close();
  await t.rejects(exec(scratch, ['id'], { user: 'nobody' }), {
    name: 'DomainError',
    kind: 'invalid',
  });
});

t.test('what cannot be executed says so', async (t) => {
  await using scratch = new Scratch();
  await startSleeper(scratch);
  await t.rejects(exec(scratch, ['/none']), {
    message: 'Cannot execute "/none" in container "c": execve /none: ENOENT',
  });
  await scratch.engine.stop('c', { signal: 'SIGKILL', timeoutMs: 0 });
  await t.rejects(exec(scratch, ['true']), { message: 'Container "c" is not running' });
});

t.test('a hundred execs at once all end with their own code', async (t) => {
  await using scratch = new Scratch();
  await startSleeper(scratch);
  const codes = await Promise.all(
    Array.from({ length: 100 }, async (_, i) => {
      const session = await exec(scratch, ['sh', '-c', `exit ${i}`]);
      const code = await session.exited;
      await session.close();
      return code;
    }),
  );
  t.same(
    codes,
    Array.from({ length: 100 }, (_, i) => i),
  );
});
