/**
 * Limits, scheduling, processors and the OOM score of a process that runs already, then its end,
 * all by calls that name the process and not a shell.
 *
 *     $ node test/examples/process-settings.ts
 *     open files: 32 of 64
 *     policy: SCHED_BATCH, nice 5
 *     processors: 0
 *     killed first when memory runs out: 500
 *     ended
 *     a signal to it now: false
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  getAffinity,
  getOomScoreAdjustment,
  getResourceLimit,
  getScheduling,
  openProcess,
  processEnd,
  setAffinity,
  setOomScoreAdjustment,
  setResourceLimit,
  setScheduling,
  signalProcess,
} from '../../src/index.ts';

const child = spawn('sleep', ['60']);
const collected = once(child, 'exit');
const { pid = 0 } = child;
using sleep = openProcess(pid);

setResourceLimit(pid, 'RLIMIT_NOFILE', { soft: 32n, hard: 64n });
const { soft, hard } = getResourceLimit(pid, 'RLIMIT_NOFILE');
console.log(`open files: ${soft} of ${hard}`);

setScheduling(pid, { policy: 'SCHED_BATCH', nice: 5 });
const { policy, nice } = getScheduling(pid);
console.log(`policy: ${policy}, nice ${nice}`);

setAffinity(pid, [0]);
console.log(`processors: ${getAffinity(pid).join(', ')}`);

setOomScoreAdjustment(pid, 500);
console.log(`killed first when memory runs out: ${getOomScoreAdjustment(pid)}`);

signalProcess(sleep.fd, 'TERM');
await processEnd(sleep.fd, { timeoutMs: 5000 });
console.log('ended');
await collected;
console.log(`a signal to it now: ${signalProcess(sleep.fd, 'TERM')}`);
