import t from 'tap';
import { Scratch } from './scratch.ts';

if (process.getuid?.() !== 0) {
  t.plan(0, 'needs root');
  process.exit();
}

t.test('a container runs its program and tells its output and exit code', async (t) => {
  await using scratch = new Scratch();
  const { out, err, exitCode, reason } = await scratch.run([
    'sh',
    '-c',
    'echo out; echo err >&2; hostname; exit 3',
  ]);
  t.equal(out, 'out\ntesthost\n');
  t.equal(err, 'err\n');
  t.equal(exitCode, 3);
  t.equal(reason, 'Error');
});

t.test('a program that a signal ended has 128 plus its number', async (t) => {
  await using scratch = new Scratch();
  const { exitCode } = await scratch.run(['sh', '-c', "sh -c 'kill -9 $$'; exit $?"]);
  t.equal(exitCode, 137);
});

t.test('a program that is not there is a start error, and nothing is left', async (t) => {
  await using scratch = new Scratch();
  await scratch.engine.create(scratch.bundle.request('missing', ['/no/such']));
  await t.rejects(scratch.engine.start('missing'), {
    kind: 'invalid',
    message: 'Cannot start container "missing": execve /no/such: ENOENT',
  });
  t.match(scratch.engine.status('missing'), { state: 'exited', reason: 'StartError' });
  await scratch.engine.remove('missing');
  t.same(scratch.engine.list(), []);
});
