import t from 'tap';
import { openLog } from '../../../src/base/log.ts';
import { Complaints } from '../../../src/kubelet/node/complaints.ts';
import { keepLease } from '../../../src/kubelet/node/keep-lease.ts';
import { FakeClock } from '../../simulation/fake-clock.ts';

t.test(
  'a renewal that hangs ends with its connection, and the next one has a new one',
  async (t) => {
    const clock = new FakeClock(0);
    const stop = new AbortController();
    const done: string[] = [];
    let hung = Promise.withResolvers<void>();
    let isCut = false;
    const lease = {
      renew: async () => {
        done.push(`${isCut ? 'hangs' : 'renewed'} at ${Math.floor(clock.now() / 1000)}`);
        if (isCut) await hung.promise;
      },
    };
    const reconnect = () => {
      done.push(`reconnected at ${Math.floor(clock.now() / 1000)}`);
      hung.reject(new Error('ended'));
      hung = Promise.withResolvers<void>();
    };
    const complaints = new Complaints(openLog('test'));
    const keeping = { clock, periodMs: 10_000, complaints, reconnect };
    const kept = keepLease(lease, keeping, stop.signal);
    await clock.pass(5000);
    isCut = true;
    await clock.pass(16_000);
    isCut = false;
    await clock.pass(1000);
    await clock.pass(12_000);
    // Pauses after failures are partly chosen at random: the second ends within two seconds.
    const last = done.pop() ?? '';
    t.same(done, [
      'renewed at 0',
      'hangs at 10',
      'reconnected at 20',
      'hangs at 20',
      'reconnected at 30',
    ]);
    t.match(last, /^renewed at 3[012]$/);
    stop.abort();
    await kept;
  },
);
