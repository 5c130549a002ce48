import t from 'tap';
import { Frames, frameOf } from '../../../src/grpc/frames.ts';

const bodies = ['', 'a', 'b'.repeat(300), 'ö'.repeat(70_000)].map((text) => Buffer.from(text));
const wire = Buffer.concat(bodies.map((body) => frameOf(body)));

t.test('messages come out whole, however the wire cuts them', async (t) => {
  for (const size of [1, 2, 4, 5, 6, 7, 299, 16_384, wire.length]) {
    const frames = new Frames(200_000);
    const seen: Buffer[] = [];
    for (let at = 0; at < wire.length; at += size) {
      seen.push(...frames.take(wire.subarray(at, at + size)));
    }
    t.ok(seen.length === bodies.length && seen.every((body, i) => body.equals(bodies[i] ?? body)));
  }
});

t.test('a message is refused by its length, before it is there', async (t) => {
  const frames = new Frames(1000);
  t.throws(() => frames.take(frameOf(Buffer.alloc(1001)).subarray(0, 5)), {
    kind: 'exhausted',
    message: 'A message of 1001 bytes is larger than 1000',
  });
  t.same(new Frames(1000).take(frameOf(Buffer.alloc(1000))).length, 1);
});

t.test('a compressed message is refused', async (t) => {
  const frame = frameOf(Buffer.from('x'));
  frame[0] = 1;
  t.throws(() => new Frames(1000).take(frame), /compressed/);
});
