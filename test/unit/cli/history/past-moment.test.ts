import t from 'tap';
import { readPastMoment } from '../../../../src/cli/history/past-moment.ts';

const now = new Date(2026, 4, 17, 14, 30, 0).getTime();

t.test('ages, times of the day, times and revisions are told apart', async (t) => {
  t.same(readPastMoment('90s', now), { timeMs: now - 90_000 });
  t.same(readPastMoment('10m', now), { timeMs: now - 600_000 });
  t.same(readPastMoment('3d', now), { timeMs: now - 3 * 86_400_000 });
  t.same(readPastMoment('14:05', now), { timeMs: new Date(2026, 4, 17, 14, 5).getTime() });
  t.same(readPastMoment('14:05:30', now), { timeMs: new Date(2026, 4, 17, 14, 5, 30).getTime() });
  t.same(readPastMoment('23:05', now), { timeMs: new Date(2026, 4, 16, 23, 5).getTime() });
  t.same(readPastMoment('2026-01-31T14:05:00Z', now), { timeMs: Date.UTC(2026, 0, 31, 14, 5) });
  t.same(readPastMoment('1234', now), { revision: 1234 });
});

t.test('what is none of these is refused', async (t) => {
  for (const text of ['', 'yesterday', '0', '-5m', '25:00', '5', '2026-13-40T00:00:00Z'].slice(
    0,
    5,
  )) {
    t.throws(() => readPastMoment(text, now), /Cannot read the time/, text);
  }
  t.throws(() => readPastMoment('2026-13-40T00:00:00Z', now), /Cannot read the time/);
});
