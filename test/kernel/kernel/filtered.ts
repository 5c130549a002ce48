/**
 * A process under a seccomp filter, started by under-filter.ts: makes system calls through libc
 * (by koffi, so that the addon is not its own witness) and prints their errno, or becomes another
 * program. The filter lies on the main thread alone, which is the one that calls.
 */
import { readFileSync, writeSync } from 'node:fs';
import koffi from 'koffi';
import { loadSeccomp, setNoNewPrivileges } from '../../../src/index.ts';
import type { Task } from './under-filter.ts';

const task = JSON.parse(readFileSync(0, 'utf8')) as Task;
const libc = koffi.load('libc.so.6');
const calls = (task.calls ?? []).map(({ number, values }) => {
  const types = values.map((value) => (typeof value === 'string' ? 'const char *' : 'int64'));
  const call = libc.func('syscall', 'int64', ['int64', ...types]);
  return () => (call(number, ...values) === -1 ? koffi.errno() : 0);
});

setNoNewPrivileges();
loadSeccomp({ program: Buffer.from(task.program, 'base64'), flags: task.flags });
if (task.command === undefined) {
  writeSync(1, JSON.stringify(calls.map((call) => call())));
  // libuv found io_uring at its start, and aborts when the event loop goes on, or ends, without.
  process.execve?.('/bin/true', ['true']);
} else {
  const [file = '', ...rest] = task.command;
  process.execve?.(file, [file, ...rest], { PATH: '/usr/bin:/bin' });
}
