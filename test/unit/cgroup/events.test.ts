import t from 'tap';
import { eventsBetween } from '../../../src/cgroup/events.ts';

function reading(values: Record<string, number>): Map<string, number> {
  return new Map(Object.entries(values));
}

t.test('a counter that grew is one event with the difference', async (t) => {
  const last = reading({ 'memory.events oom_kill': 2, 'pids.events max': 1 });
  const present = reading({ 'memory.events oom_kill': 5, 'pids.events max': 1 });
  t.same(eventsBetween(last, present), [{ kind: 'oomKill', count: 3 }]);
});

t.test('a counter that appears with its controller counts from zero', async (t) => {
  t.same(eventsBetween(reading({}), reading({ 'memory.events oom': 1 })), [
    { kind: 'oom', count: 1 },
  ]);
});

t.test('a kill is told before the cgroup is empty', async (t) => {
  const last = reading({ 'cgroup.events populated': 1 });
  const present = reading({ 'cgroup.events populated': 0, 'memory.events oom_kill': 1 });
  t.same(
    eventsBetween(last, present).map(({ kind }) => kind),
    ['oomKill', 'empty'],
  );
});

t.test('states are told when they change', async (t) => {
  const running = reading({ 'cgroup.events populated': 1, 'cgroup.events frozen': 0 });
  const frozen = reading({ 'cgroup.events populated': 1, 'cgroup.events frozen': 1 });
  t.same(eventsBetween(running, frozen), [{ kind: 'frozen' }]);
  t.same(eventsBetween(frozen, running), [{ kind: 'thawed' }]);
  t.same(eventsBetween(running, running), []);
});
