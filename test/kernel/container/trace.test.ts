import t from 'tap';
import { SpanRecorder } from '../../../src/base/span.ts';
import { Scratch } from './scratch.ts';

if (process.getuid?.() !== 0) {
  t.plan(0, 'needs root');
  process.exit();
}

t.test('who asks is told how long the steps of a start took, once', async (t) => {
  await using scratch = new Scratch();
  const { engine } = scratch;
  const spans = new SpanRecorder(true);
  const listen = (marks: Parameters<SpanRecorder['addMarks']>[0]) => spans.addMarks(marks);
  engine.traceSteps('c', listen);
  const hooks = { createRuntime: [{ path: '/bin/true' }] };
  const time = { namespaces: (['pid', 'mount', 'time'] as const).map((type) => ({ type })) };
  const mounts = [{ destination: '/proc', type: 'proc', source: 'proc' }];
  const linux = { ...time, timeOffsets: { monotonic: { secs: 5000 } }, maskedPaths: [] };
  const change = { hooks, linux, mounts, hostname: '' };
  const request = scratch.bundle.request('c', ['true'], change);
  await spans.step('create', () => engine.create(request));
  await spans.step('start', () => engine.start('c'));
  const [create, ...rest] = spans.spans;
  const names = rest.map(({ name }) => name);
  for (const name of ['fork', 'root', 'pivot', 'capabilities', 'start']) {
    t.ok(names.includes(name), name);
  }
  t.ok(names.indexOf('pivot') < names.indexOf('start'), 'in order');
  t.ok(names.indexOf('start') < names.indexOf('capabilities'), 'the last ones below start');
  t.equal(create?.depth, 0);
  const inside = rest.slice(0, names.indexOf('start'));
  const end = (create?.startMs ?? 0) + (create?.durationMs ?? 0);
  for (const { name, startMs, durationMs, depth } of inside) {
    t.equal(depth, 1, name);
    // Two clocks are compared, so a little is allowed.
    t.ok(
      durationMs >= 0 && startMs > -2 && startMs + durationMs < end + 2,
      `${name} within create`,
    );
  }
  await engine.wait('c');
  await engine.remove('c');
  const before = spans.spans.length;
  await engine.create(scratch.bundle.request('c', ['true']));
  await engine.start('c');
  t.equal(spans.spans.length, before, 'the next one of that name is not traced');
});
