import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import t from 'tap';
import { commandOf, holderOf } from '../../../../src/cli/up/part.ts';

t.test('a command of ours is started by this very Node', (t) => {
  const [program, ...args] = commandOf('kubelet', ['--node-ip=10.0.0.1']);
  t.equal(program, process.execPath);
  t.same(args.slice(-2), ['kubelet', '--node-ip=10.0.0.1']);
  t.match(args.at(-3), /src\/cli\/main\.ts$/);
  t.end();
});

t.test('who has the lock is the part, and nobody is when it has ended', async (t) => {
  const path = `${t.testdir({})}/kubelet.lock`;
  t.equal(holderOf(path), undefined, 'no file');
  writeFileSync(path, '123456\n');
  t.equal(holderOf(path), undefined, 'a file that nobody has locked');
  const script = 'exec 9>>"$1"; flock -n 9 && echo $$ >"$1" && echo locked; exec sleep 100';
  const holder = spawn('bash', ['-c', script, 'bash', path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  t.equal(holderOf(path), holder.pid);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  t.equal(holderOf(path), undefined);
});
