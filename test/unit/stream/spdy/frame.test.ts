import t from 'tap';
import {
  dataHead,
  type Frame,
  goAway,
  noSettings,
  ping,
  reset,
  synReply,
  synStream,
  windowUpdate,
} from '../../../../src/stream/spdy/frame.ts';
import { FrameDecoder } from '../../../../src/stream/spdy/frame-decoder.ts';

function decode(...chunks: readonly Buffer[]): Frame[] {
  const decoder = new FrameDecoder();
  return chunks.flatMap((chunk) => [...decoder.push(chunk)]);
}

const block = Buffer.from('block');
const everything = Buffer.concat([
  synStream(1, block),
  synReply(1, block),
  dataHead(1, 5, false),
  Buffer.from('hello'),
  ping(7),
  windowUpdate(1, 5),
  reset(3, 5),
  dataHead(1, 0, true),
  goAway(3),
]);

t.test('frames have the bytes of the specification', async (t) => {
  t.equal(synStream(5, Buffer.alloc(0)).toString('hex'), '800300010000000a00000005000000000000');
  t.equal(synReply(5, Buffer.alloc(0)).toString('hex'), '800300020000000400000005');
  t.equal(reset(5, 3).toString('hex'), '80030003000000080000000500000003');
  t.equal(noSettings().toString('hex'), '800300040000000400000000');
  t.equal(ping(2).toString('hex'), '800300060000000400000002');
  t.equal(goAway(9, 1).toString('hex'), '80030007000000080000000900000001');
  t.equal(windowUpdate(5, 10).toString('hex'), '8003000900000008000000050000000a');
  t.equal(dataHead(5, 3, true).toString('hex'), '0000000501000003');
});

t.test('all kinds of frames come out as they went in', async (t) => {
  t.match(decode(everything), [
    { type: 'open', stream: 1, block, end: false },
    { type: 'reply', stream: 1, block, end: false },
    { type: 'data', stream: 1, bytes: Buffer.from('hello'), end: false },
    { type: 'ping', id: 7 },
    { type: 'other' },
    { type: 'reset', stream: 3, status: 5 },
    { type: 'data', stream: 1, bytes: Buffer.alloc(0), end: true },
    { type: 'goAway' },
  ]);
});

const bytes = (frames: readonly Frame[]): string =>
  frames.map((frame) => (frame.type === 'data' ? frame.bytes.toString() : frame.type)).join('');

t.test('it is all the same how the bytes are cut', async (t) => {
  const whole = bytes(decode(everything));
  for (let at = 1; at < everything.length; at++) {
    const frames = decode(everything.subarray(0, at), everything.subarray(at));
    t.equal(bytes(frames), whole, `cut at ${at}`);
  }
  const single = decode(...Array.from(everything, (byte) => Buffer.from([byte])));
  t.equal(bytes(single), whole, 'byte by byte');
});

t.test('a data frame is handed out as it comes, its end with its last byte', async (t) => {
  const head = dataHead(1, 6, true);
  const frames = decode(
    Buffer.concat([head, Buffer.from('ab')]),
    Buffer.from('cd'),
    Buffer.from('ef'),
  );
  t.match(frames, [
    { bytes: Buffer.from('ab'), end: false },
    { bytes: Buffer.from('cd'), end: false },
    { bytes: Buffer.from('ef'), end: true },
  ]);
});

t.test('what is no SPDY/3, too long or too short is refused', async (t) => {
  const wrong: Record<string, Buffer> = {
    'another version': Buffer.from('800200060000000400000001', 'hex'),
    'a control frame of 16 MiB': Buffer.from('8003000100ffffff', 'hex'),
    'a ping without id': Buffer.from('8003000600000000', 'hex'),
    'a reset without status': Buffer.from('800300030000000400000001', 'hex'),
    'a stream without priority': Buffer.from('80030001000000080000000100000000', 'hex'),
    'a reply without stream': Buffer.from('800300020000000200000000', 'hex'),
  };
  for (const [name, bytes] of Object.entries(wrong)) {
    t.throws(() => decode(bytes), { name: 'DomainError', kind: 'invalid' }, name);
  }
});
