import t from 'tap';
import { systemClock } from '../../../src/base/clock.ts';
import { ProbeLoop } from '../../../src/kubelet/probe/probe-loop.ts';

t.test('only who is known to be well is asked without hurry', async (t) => {
  const answers = [false, true, true, true, false, true, true];
  const asked: boolean[] = [];
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const loop = new ProbeLoop({
    kind: 'readiness',
    probe: { periodSeconds: 0.001, failureThreshold: 3, successThreshold: 2 },
    clock: { ...systemClock, after: (_, run) => systemClock.after(0, run) },
    startedAtMs: 0,
    inherited: false,
    run: async (isUnhurried) => {
      asked.push(isUnhurried);
      if (asked.length === answers.length) resolve();
      return { ok: answers[asked.length - 1] === true, output: '' };
    },
    failed: () => undefined,
    changed: () => undefined,
  });
  const ended = loop.run();
  await done;
  loop.stop();
  await ended;
  // Well after two successes in a row, and in doubt after each failure.
  t.same(asked, [false, false, false, true, true, false, true]);
});
