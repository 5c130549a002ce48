import t from 'tap';
import { decodeProtobuf, openEnvelope } from '../../../src/api/decode-protobuf.ts';
import { messageType } from '../../../src/api/schema/schema.ts';
import { WireWriter, wireType } from '../../../src/base/wire.ts';

const pod = messageType('core.v1.Pod');

/** A message as bytes: numbers with texts, whole numbers or messages. */
function message(...fields: readonly (readonly [number, string | number | Buffer])[]): Buffer {
  const writer = new WireWriter();
  for (const [number, value] of fields) {
    writer.tag(number, typeof value === 'number' ? wireType.varint : wireType.bytes);
    if (typeof value === 'number') writer.signed(value);
    else writer.bytes(Buffer.from(value));
  }
  return Buffer.from(writer.finish());
}

t.test('zeros that Go always writes are left out, those of pointers are kept', async (t) => {
  const metadata = message([1, 'web'], [2, ''], [3, ''], [7, 0], [8, message()]);
  const spec = message([4, 0], [11, 0], [21, 0]);
  t.same(decodeProtobuf(pod, message([1, metadata], [2, spec], [3, message()])), {
    metadata: { name: 'web' },
    spec: { terminationGracePeriodSeconds: 0, automountServiceAccountToken: false },
    status: {},
  });
});

t.test('maps, inline messages, quantities, ports and times have their JSON form', async (t) => {
  const label = message([1, 'app'], [2, 'web']);
  const time = message([1, 1_767_322_985], [2, 999]);
  const resources = message([1, message([1, 'cpu'], [2, message([1, '0.5'])])]);
  const probe = message([1, message([2, message([2, message([1, 1], [2, 0], [3, 'http'])])])]);
  const container = message([1, 'a'], [8, resources], [10, probe]);
  const volume = message([1, 'v'], [2, message([2, message()])]);
  const spec = message([1, volume], [2, container]);
  t.same(decodeProtobuf(pod, message([1, message([11, label], [8, time])], [2, spec])), {
    metadata: { labels: { app: 'web' }, creationTimestamp: '2026-01-02T03:03:05Z' },
    spec: {
      volumes: [{ name: 'v', emptyDir: {} }],
      containers: [
        {
          name: 'a',
          resources: { limits: { cpu: '500m' } },
          livenessProbe: { httpGet: { port: 'http' } },
        },
      ],
    },
  });
});

t.test('numbers that no field has are read over', async (t) => {
  t.same(decodeProtobuf(pod, message([900, 'new'], [901, 7])), {});
});

t.test('an envelope names what is in it', async (t) => {
  const type = message([1, 'v1'], [2, 'Pod']);
  const body = Buffer.concat([Buffer.from('k8s\0'), message([1, type], [2, 'raw'], [4, ''])]);
  t.same(openEnvelope(body), { apiVersion: 'v1', kind: 'Pod', raw: Buffer.from('raw') });
  t.throws(() => openEnvelope(Buffer.from('{"kind":"Pod"}')), { name: 'DomainError' });
});

t.test('a wrong wire type and a cut end are refused', async (t) => {
  t.throws(() => decodeProtobuf(pod, message([1, 5])), { name: 'DomainError' });
  const whole = message([1, message([1, 'web'])]);
  for (let length = 1; length < whole.length; length += 1) {
    t.throws(() => decodeProtobuf(pod, whole.subarray(0, length)), { name: 'DomainError' });
  }
});

t.test('bytes changed at random are read or refused, never a crash', async (t) => {
  const label = message([1, 'app'], [2, 'web']);
  const whole = message(
    [1, message([1, 'web'], [11, label])],
    [2, message([2, message([1, 'a'])])],
  );
  let state = 20_261_121;
  const random = (bound: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % bound;
  };
  for (let round = 0; round < 20_000; round += 1) {
    const bytes = Buffer.from(whole);
    for (let change = random(4); change >= 0; change -= 1)
      bytes[random(bytes.length)] = random(256);
    try {
      decodeProtobuf(pod, bytes);
    } catch (error) {
      if ((error as Error).name !== 'DomainError') t.fail(bytes.toString('hex'));
    }
  }
  t.pass('20,000 rounds');
});
