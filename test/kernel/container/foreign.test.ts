import { existsSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { KeelsonEngine } from '../../../src/container/engine.ts';
import { withoutRoot } from '../skip.ts';
import { Scratch } from './scratch.ts';

const runc = '/usr/sbin/runc';
const skip = withoutRoot === false && !existsSync(runc) ? 'needs runc' : withoutRoot;

function runtime(scratch: Scratch): { path: string; root: string; options: string[] } {
  return { path: runc, root: scratch.bundle.path('runc'), options: [] };
}

t.test('a container of another runtime lives under our shim', { skip }, async (t) => {
  await using scratch = new Scratch();
  const { engine, bundle } = scratch;
  const program = 'echo out; echo err >&2; read word; echo "got $word"; exit 7';
  const request = bundle.request('c', ['sh', '-c', program], {
    request: { runtime: runtime(scratch), stdin: 'none' },
  });
  const created = await engine.create(request);
  t.equal(created.state, 'created');
  t.ok(created.pid > 0);
  await engine.start('c');
  const status = await engine.wait('c');
  t.match(status, { exitCode: 7, state: 'exited', reason: 'Error' });
  const log = readFileSync(bundle.path('c.log'), 'utf8');
  t.match(log, /stdout F out/);
  t.match(log, /stderr F err/);
  await engine.remove('c');
  t.notOk(existsSync(bundle.path('runc/c')), 'the runtime keeps nothing of it');
});

t.test('it can be entered, frozen, asked and stopped', { skip }, async (t) => {
  await using scratch = new Scratch();
  const { engine, bundle } = scratch;
  await engine.create(
    bundle.request('c', ['sleep', '1000'], { request: { runtime: runtime(scratch) } }),
  );
  await engine.start('c');
  const session = await engine.exec('c', {
    args: ['sh', '-c', 'cat; hostname; exit 3'],
    terminal: false,
    stdin: true,
  });
  session.stdin?.end('typed\n');
  t.equal(await text(session.stdout), 'typed\ntesthost\n');
  t.equal(await session.exited, 3);
  const tty = await engine.exec('c', { args: ['tty'], terminal: true, stdin: false });
  t.match(await text(tty.stdout), /\/dev\/pts\/\d/);
  t.equal(await tty.exited, 0);
  await t.rejects(engine.exec('c', { args: ['nosuch'], terminal: false, stdin: false }), {
    message: /executable file not found/,
  });
  t.equal((await engine.processes('c')).length, 1);
  await engine.pause('c');
  t.equal(engine.status('c').state, 'paused');
  await engine.resume('c');
  await engine.stop('c', { signal: 'SIGKILL', timeoutMs: 1000 });
  t.match(engine.status('c'), { state: 'exited', exitCode: 137 });
  await engine.remove('c');
  await engine.remove('c');
});

t.test('a runtime that refuses says why', { skip }, async (t) => {
  await using scratch = new Scratch();
  const { engine, bundle } = scratch;
  const request = bundle.request('c', ['nosuch'], { request: { runtime: runtime(scratch) } });
  await t.rejects(engine.create(request), { message: /executable file not found in \$PATH/ });
  t.same(engine.list(), []);
  const gone = { ...runtime(scratch), path: '/nonexistent' };
  await t.rejects(engine.create({ ...request, runtime: gone }), { message: /\/nonexistent/ });
});

t.test('it survives the engine, and its exit is known afterwards', { skip }, async (t) => {
  await using scratch = new Scratch();
  const { bundle } = scratch;
  const program = 'sleep 1; exit 9';
  await scratch.engine.create(
    bundle.request('c', ['sh', '-c', program], { request: { runtime: runtime(scratch) } }),
  );
  await scratch.engine.start('c');
  await scratch.engine.close();
  scratch.engine = new KeelsonEngine({ stateFolder: bundle.state });
  await scratch.engine.recover();
  t.equal(scratch.engine.status('c').state, 'running');
  t.equal((await scratch.engine.wait('c')).exitCode, 9);
  await scratch.engine.remove('c');
});
