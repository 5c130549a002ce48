import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { MetricRegistry } from '../../../../src/base/metric-registry.ts';
import { asRequest } from '../../../../src/base/request.ts';
import { inSpan } from '../../../../src/base/trace.ts';
import type { FinishedSpan } from '../../../../src/base/live-span.ts';
import { TraceExporter } from '../../../../src/cri/monitor/trace-exporter.ts';
import { parseTraceparent, Tracer } from '../../../../src/cri/monitor/tracer.ts';
import { until } from '../../../until.ts';

const trace = '0af7651916cd43dd8448eb211c80319c';
const parent = 'b7ad6b7169203331';

t.test('traceparent is read as W3C has it, and nothing else is', async (t) => {
  const good = { traceId: trace, spanId: parent, sampled: true };
  t.same(parseTraceparent(`00-${trace}-${parent}-01`), good);
  t.same(parseTraceparent(`00-${trace}-${parent}-00`), { ...good, sampled: false });
  t.same(parseTraceparent(`01-${trace}-${parent}-03-more`), good);
  for (const bad of [
    '',
    `00-${trace}-${parent}`,
    `00-${trace}-${parent}-01-more`,
    `ff-${trace}-${parent}-01`,
    `00-${'0'.repeat(32)}-${parent}-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `00-${trace.toUpperCase()}-${parent}-01`,
    `00-${trace}-${parent}-01\n`,
    'x'.repeat(100_000),
  ]) {
    t.equal(parseTraceparent(bad), undefined, bad.slice(0, 80));
  }
});

function sink(): void {
  // Whom it tells is not of interest here.
}

t.test('the caller decides what is traced, else chance does', async (t) => {
  const never = new Tracer({ samplingRatePerMillion: 0, sink });
  const always = new Tracer({ samplingRatePerMillion: 1_000_000, sink });
  t.equal(never.begin('/a/b', undefined), undefined);
  t.ok(never.begin('/a/b', `00-${trace}-${parent}-01`));
  t.ok(always.begin('/a/b', undefined));
  t.equal(always.begin('/a/b', `00-${trace}-${parent}-00`), undefined);
});

t.test('steps are spans below the step that took them, failures with their words', async (t) => {
  const spans: FinishedSpan[] = [];
  const tracer = new Tracer({ samplingRatePerMillion: 0, sink: (span) => spans.push(span) });
  const root = tracer.begin('/runtime.v1.RuntimeService/Version', `00-${trace}-${parent}-01`);
  await asRequest(async () => {
    await inSpan('outer', { a: 1 }, () => inSpan('inner', {}, () => sleep(2)));
    await inSpan('bad', {}, () => Promise.reject(new Error('at me:pw@host'))).catch(() => 0);
  }, root);
  root?.end(undefined, { code: 0 });
  const [inner, outer, bad, whole] = spans;
  t.match(whole, {
    traceId: trace,
    parentSpanId: parent,
    name: 'runtime.v1.RuntimeService/Version',
    kind: 'server',
    attributes: { 'rpc.method': 'Version', code: 0 },
  });
  t.match(outer, { name: 'outer', traceId: trace, parentSpanId: whole?.spanId });
  t.match(inner, { name: 'inner', parentSpanId: outer?.spanId, error: undefined });
  t.ok((inner?.endMs ?? 0) > (inner?.startMs ?? 0));
  t.match(bad, { name: 'bad', error: 'at ***@host' });
});

t.test('work that nobody traces is done all the same', async (t) => {
  t.equal(await inSpan('x', {}, async () => 5), 5);
  t.equal(await asRequest(() => inSpan('x', {}, async () => 6)), 6);
});

const span: FinishedSpan = {
  traceId: trace,
  spanId: parent,
  parentSpanId: undefined,
  name: 'n',
  kind: 'internal',
  startMs: 1_700_000_000_000.125,
  endMs: 1_700_000_000_001,
  attributes: { text: 'a', number: 7 },
  error: 'why',
};

interface Heard {
  readonly endpoint: string;
  readonly bodies: string[];
  readonly registry: MetricRegistry;
  readonly exporter: TraceExporter;
}

async function collect(t: Test, answer: () => Promise<number>): Promise<Heard> {
  const bodies: string[] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (text: string) => (body += text));
    request.on('end', () => {
      bodies.push(body);
      void answer().then((code) => response.writeHead(code).end('{}'));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`;
  const registry = new MetricRegistry();
  const log = pino({ level: 'silent' });
  const exporter = new TraceExporter({ endpoint, version: '1', registry, log });
  t.teardown(async () => {
    await exporter.close();
    server.closeAllConnections();
    server.close();
  });
  return { endpoint, bodies, registry, exporter };
}

async function counts(registry: MetricRegistry): Promise<Record<string, number>> {
  const lines = (await registry.text()).matchAll(/\{result="(\w+)"\} (\d+)/g);
  return Object.fromEntries([...lines].map(([, name = '', number]) => [name, Number(number)]));
}

t.test("a collector gets OTLP's JSON", async (t) => {
  const { bodies, exporter, registry } = await collect(t, async () => 200);
  exporter.take(span);
  await until(async () => (await counts(registry))['sent'] === 1);
  t.match(JSON.parse(bodies[0] ?? ''), {
    resourceSpans: [
      {
        resource: {
          attributes: [{ key: 'service.name', value: { stringValue: 'keelson-runtime' } }],
        },
        scopeSpans: [
          {
            scope: { name: 'keelson', version: '1' },
            spans: [
              {
                traceId: trace,
                spanId: parent,
                name: 'n',
                kind: 1,
                startTimeUnixNano: '1700000000000125000',
                endTimeUnixNano: '1700000000001000000',
                attributes: [
                  { key: 'text', value: { stringValue: 'a' } },
                  { key: 'number', value: { intValue: '7' } },
                ],
                status: { code: 2, message: 'why' },
              },
            ],
          },
        ],
      },
    ],
  });
});

t.test('a collector that never answers costs a bounded queue, and drops are counted', async (t) => {
  const { exporter, registry, bodies } = await collect(t, () => new Promise(() => undefined));
  for (let count = 0; count < 600; count += 1) exporter.take(span);
  await until(async () => bodies.length === 1);
  for (let count = 0; count < 10_000; count += 1) exporter.take(span);
  // 512 are under way, and dropped where this takes longer than a request may; 4,096 more fit.
  const { dropped = 0, sent } = await counts(registry);
  t.equal((dropped - (10_600 - 512 - 4096)) % 512, 0, `${dropped} dropped`);
  t.equal(sent, 0);
});

t.test('what a collector refuses is dropped and counted, and the next batch is sent', async (t) => {
  const codes = [503, 200];
  const { exporter, registry } = await collect(t, async () => codes.shift() ?? 200);
  exporter.take(span);
  await until(async () => (await counts(registry))['dropped'] === 1);
  exporter.take(span);
  await until(async () => (await counts(registry))['sent'] === 1);
  t.same(await counts(registry), { sent: 1, dropped: 1 });
});

t.test('the end sends what is there', async (t) => {
  const { exporter, bodies } = await collect(t, async () => 200);
  exporter.take(span);
  await exporter.close();
  t.equal(bodies.length, 1);
});
