import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import koffi from 'koffi';
import t from 'tap';
import {
  copyDescriptorOf,
  openProcess,
  processEnd,
  readable,
  reap,
  signalProcess,
} from '../../../src/index.ts';
import { failureOf } from '../failure.ts';
import { withoutRoot } from '../skip.ts';

const libc = koffi.load('libc.so.6');

function sleeper(t: { teardown(undo: () => void): void }) {
  const child = spawn('sleep', ['60']);
  t.teardown(() => child.kill('SIGKILL'));
  return child;
}

t.test('a process is signalled and its end awaited, child or not', async (t) => {
  const child = sleeper(t);
  using process = openProcess(child.pid ?? 0);
  t.match(await failureOf(() => processEnd(process.fd, { timeoutMs: 20 })), { kind: 'timeout' });
  t.equal(signalProcess(process.fd, 'TERM'), true);
  await processEnd(process.fd, { timeoutMs: 10_000 });
  await once(child, 'exit');
  t.equal(child.signalCode, 'SIGTERM');
  t.equal(signalProcess(process.fd, 'KILL'), false, 'it has ended already');
});

t.test('a number without a process, and a thread, are refused', async (t) => {
  t.match(await failureOf(() => openProcess(2 ** 22 + 1)), { kind: 'notFound' });
  t.match(await failureOf(() => openProcess(-1)), { call: 'pidfd_open', code: 'EINVAL' });
  using self = openProcess(process.pid);
  t.match(await failureOf(() => signalProcess(self.fd, 'NOTHING')), { kind: 'invalid' });
  t.equal(signalProcess(self.fd, 'CONT'), true);
});

t.test("another process's open file is copied", { skip: withoutRoot }, async (t) => {
  const file = openSync('/proc/version', 'r');
  const child = spawn('sleep', ['60'], { stdio: [file, 'ignore', 'ignore'] });
  t.teardown(() => child.kill('SIGKILL'));
  closeSync(file);
  using process = openProcess(child.pid ?? 0);
  using copy = copyDescriptorOf(process.fd, 0);
  t.equal(readFileSync(copy.fd, 'utf8'), readFileSync('/proc/version', 'utf8'));
  t.throws(() => copyDescriptorOf(process.fd, 99), { call: 'pidfd_getfd', code: 'EBADF' });
});

t.test('a child that nobody else collects is reaped with its status', async (t) => {
  // posix_spawn by koffi: a child that libuv does not know and so does not collect.
  const start = libc.func(
    `int posix_spawn(_Out_ int *pid, const char *path, void *, void *, char **argv, char **env)`,
  );
  const run = (script: string) => {
    const pid = [0];
    t.equal(start(pid, '/bin/sh', null, null, ['sh', '-c', script, null], [null]), 0);
    return openProcess(pid[0] ?? 0);
  };
  using exits = run('exit 7');
  await readable(exits.fd, { timeoutMs: 10_000 });
  t.same(reap(exits.fd), { code: 7 });
  t.match(await failureOf(() => reap(exits.fd)), { call: 'waitid', code: 'ECHILD' });
  using killed = run('kill -9 $$');
  await readable(killed.fd, { timeoutMs: 10_000 });
  t.same(reap(killed.fd), { signal: 9, dumped: false });
  using running = run('sleep 60');
  t.equal(reap(running.fd), undefined);
  signalProcess(running.fd, 'KILL');
  await readable(running.fd, { timeoutMs: 10_000 });
  t.same(reap(running.fd), { signal: 9, dumped: false });
});

t.test('a process that is no child cannot be reaped', async (t) => {
  using init = openProcess(1);
  t.match(await failureOf(() => reap(init.fd)), { call: 'waitid', code: 'ECHILD' });
});
