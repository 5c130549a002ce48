import t from 'tap';
import { MetricRegistry } from '../../../src/base/metric-registry.ts';

t.test("the text is Prometheus' format, byte for byte", async (t) => {
  const registry = new MetricRegistry();
  const calls = registry.counter({ name: 'calls_total', help: 'Ends', labels: ['rpc', 'code'] });
  calls.add(1, ['Version', 'ok']);
  calls.add(2, ['Version', 'ok']);
  calls.add(1, ['List', 'internal']);
  registry.gauge({ name: 'now', help: 'a\\b\nc' }).set(1.5);
  const times = registry.histogram({ name: 'time', help: 'T', labels: ['rpc'] }, [0.1, 1]);
  for (const value of [0.05, 0.1, 0.5, 7]) times.observe(value, ['"\\\n']);
  registry.reading({ name: 'read', help: 'R', labels: ['state'] }, async () => ({ a: 1, b: 0 }));
  registry.reading({ name: 'one', help: 'O', type: 'counter' }, async () => 4);
  t.equal(
    await registry.text(),
    [
      '# HELP calls_total Ends',
      '# TYPE calls_total counter',
      'calls_total{rpc="Version",code="ok"} 3',
      'calls_total{rpc="List",code="internal"} 1',
      '# HELP now a\\\\b\\nc',
      '# TYPE now gauge',
      'now 1.5',
      '# HELP time T',
      '# TYPE time histogram',
      'time_bucket{rpc="\\"\\\\\\n",le="0.1"} 2',
      'time_bucket{rpc="\\"\\\\\\n",le="1"} 3',
      'time_bucket{rpc="\\"\\\\\\n",le="+Inf"} 4',
      'time_sum{rpc="\\"\\\\\\n"} 7.65',
      'time_count{rpc="\\"\\\\\\n"} 4',
      '# HELP read R',
      '# TYPE read gauge',
      'read{state="a"} 1',
      'read{state="b"} 0',
      '# HELP one O',
      '# TYPE one counter',
      'one 4',
      '',
    ].join('\n'),
  );
});

t.test('a metric without labels is there before anything happens', async (t) => {
  const registry = new MetricRegistry();
  registry.counter({ name: 'c', help: 'h' });
  registry.histogram({ name: 'd', help: 'h' }, [1]);
  t.match(await registry.text(), /^c 0$/m);
  t.match(await registry.text(), /^d_bucket\{le="\+Inf"\} 0\nd_sum 0\nd_count 0$/m);
});

t.test('series are bounded, and those past the bound are one', async (t) => {
  const registry = new MetricRegistry();
  const counter = registry.counter({ name: 'c', help: 'h', labels: ['a', 'b'] });
  for (let i = 0; i < 5000; i += 1) counter.add(1, [String(i), 'x']);
  const lines = (await registry.text()).split('\n').filter((line) => line.startsWith('c{'));
  t.equal(lines.length, 1001);
  t.equal(lines.at(-1), 'c{a="other",b="other"} 4000');
});

t.test('what cannot be read is left out, and the rest is told', async (t) => {
  const registry = new MetricRegistry();
  registry.reading({ name: 'bad', help: 'h' }, async () => {
    throw new Error('disk');
  });
  registry.gauge({ name: 'good', help: 'h' });
  t.equal(await registry.text(), '# HELP good h\n# TYPE good gauge\ngood 0\n');
});
