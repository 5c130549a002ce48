import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { openHierarchy } from '../../../src/cgroup/hierarchy.ts';
import type { ExecRequest, Session } from '../../../src/container/container-engine.ts';
import { Scratch } from './scratch.ts';

if (process.getuid?.() !== 0) {
  t.plan(0, 'needs root');
  process.exit();
}

t.setTimeout(240_000);

const victim = fileURLToPath(new URL('victim.ts', import.meta.url));

/** Another runtime of the same containers is killed as soon as its exec has said a word. */
async function dieInExec(scratch: Scratch, args: readonly string[]): Promise<string | null> {
  const file = scratch.bundle.path('request.json');
  writeFileSync(file, JSON.stringify(scratch.bundle.request('c', args)));
  const child = spawn(process.execPath, [victim, scratch.bundle.state, file, 'recover', 'exec']);
  child.stderr.pipe(process.stderr);
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return signal;
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
  for (let round = 0; round < 3000 && !out.includes('33 99'); round++) await delay(10);
  await session.resize({ rows: 40, columns: 120 });
  session.stdin?.write('abc\n');
  t.equal(await session.exited, 4);
  t.equal(session.stderr, undefined);
  for (let round = 0; round < 3000 && !out.includes('got'); round++) await delay(10);
  t.equal(out, '33 99\r\nabc\r\n40 120\r\ngot abc\r\n');
  await session.close();
});

t.test('closing an exec ends its whole tree, and nothing else', async (t) => {
  await using scratch = new Scratch();
  await startSleeper(scratch);
  const tree = 'sleep 901 & (sleep 902 & sleep 903) & setsid sleep 904 & sleep 905';
  const session = await exec(scratch, ['sh', '-c', tree]);
  for (let i = 0; i < 3000 && (await scratch.engine.processes('c')).length < 6; i++)
    await delay(10);
  await session.close();
  t.equal(await session.exited, 137);
  for (let i = 0; i < 3000 && (await scratch.engine.processes('c')).length > 1; i++)
    await delay(10);
  t.same(await scratch.engine.processes('c'), [scratch.engine.status('c').pid]);
});

/** Double-forks into a session of its own, and tells its pid; `more` is what the daemon does. */
const daemon = (more: string): string => `(setsid sh -c 'echo $$; ${more}; exec sleep 906' & ) ; `;

async function gone(scratch: Scratch, left = 1): Promise<boolean> {
  for (let i = 0; i < 3000; i++) {
    if ((await scratch.engine.processes('c')).length <= left) return true;
    await delay(10);
  }
  return false;
}

function groups(scratch: Scratch): string[] {
  using hierarchy = openHierarchy();
  using cgroup = hierarchy.open(`/${scratch.bundle.name}/c`);
  return cgroup.children();
}

async function firstLine(session: Session): Promise<string> {
  let out = '';
  session.stdout.on('data', (chunk: Buffer) => (out += String(chunk)));
  for (let i = 0; i < 3000 && !out.includes('\n'); i++) await delay(10);
  return out.trim();
}

t.test('an exec that is closed takes a daemon along that it made', async (t) => {
  await using scratch = new Scratch();
  await startSleeper(scratch);
  const session = await exec(scratch, ['sh', '-c', `${daemon(':')} exec sleep 907`]);
  t.match(await firstLine(session), /^\d+$/);
  t.equal((await scratch.engine.processes('c')).length, 3);
  await session.close();
  t.ok(await gone(scratch), 'daemon and program are gone');
  t.same(groups(scratch), []);
});

t.test('closing ends the daemon of an exec that has ended, whose output it holds', async (t) => {
  await using scratch = new Scratch();
  await startSleeper(scratch);
  const session = await exec(scratch, ['sh', '-c', `${daemon(':')} exit 3`]);
  t.match(await firstLine(session), /^\d+$/);
  t.equal(await session.exited, 3);
  t.equal((await scratch.engine.processes('c')).length, 2);
  await session.close();
  t.ok(await gone(scratch));
});

t.test('what an exec has put into the background by itself goes on', async (t) => {
  await using scratch = new Scratch();
  await startSleeper(scratch);
  const script = daemon('exec >/dev/null 2>&1 </dev/null');
  const session = await exec(scratch, ['sh', '-c', script]);
  await text(session.stdout);
  await text(session.stderr ?? session.stdout);
  t.equal(await session.exited, 0);
  await session.close();
  const processes = await scratch.engine.processes('c');
  t.equal(processes.length, 2);
  t.equal(groups(scratch).length, 1);
  const background = processes.find((pid) => pid !== scratch.engine.status('c').pid) ?? 0;
  process.kill(background, 'SIGKILL');
  t.ok(await gone(scratch));
  const next = await exec(scratch, ['true']);
  await Promise.all([text(next.stdout), next.exited]);
  await next.close();
  t.same(groups(scratch), [], 'its cgroup went with the next exec');
});

t.test('an exec ends with all that it made when the runtime is killed', async (t) => {
  await using scratch = new Scratch();
  await startSleeper(scratch);
  const args = ['sh', '-c', `${daemon(':')} exec sleep 908`];
  t.equal(await dieInExec(scratch, args), 'SIGKILL');
  t.ok(await gone(scratch), 'nothing but the container runs');
  t.match(scratch.engine.status('c'), { state: 'running' });
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
