import {
  dataHead,
  type Frame,
  goAway,
  ping,
  reset,
  synReply,
  synStream,
  windowUpdate,
} from '../../../src/stream/spdy/frame.ts';
import { FrameDecoder } from '../../../src/stream/spdy/frame-decoder.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

/** What a streaming client sends: however it is cut, the same frames come out. */
export const target: FuzzTarget = {
  run(input) {
    const middle = Math.floor(input.length / 2);
    const whole = outcome([input]);
    const halves = outcome([input.subarray(0, middle), input.subarray(middle)]);
    hold(whole === halves, 'a cut changes nothing');
    if (input.length < 256) {
      const bytes = Array.from(input, (byte) => Buffer.from([byte]));
      hold(whole === outcome(bytes), 'single bytes change nothing');
    }
  },
  seeds: [
    Buffer.concat([synStream(1, Buffer.from('block')), synStream(3, Buffer.alloc(0))]),
    Buffer.concat([dataHead(1, 5, false), Buffer.from('hello'), dataHead(1, 0, true)]),
    Buffer.concat([ping(1), reset(1, 5), windowUpdate(1, 65_536), goAway(3, 0)]),
    Buffer.concat([synReply(2, Buffer.from('x')), dataHead(2, 3, true), Buffer.from('abc')]),
    Buffer.from('800300040000000c000000010000000400000064', 'hex'),
  ],
  words: ['\x80\x03\0\x01', '\x80\x03\0\x06\0\0\0\x04', '\xff\xff\xff', '\0\0\0\x01'],
};

function outcome(chunks: readonly Buffer[]): string {
  const decoder = new FrameDecoder();
  const parts: string[] = [];
  try {
    for (const chunk of chunks) for (const frame of decoder.push(chunk)) parts.push(show(frame));
  } catch (error) {
    parts.push(String(error));
  }
  // Pieces of data frames are cut as their bytes come.
  return parts.join('').replaceAll(/(?<=data \d+ )([0-9a-f]*)false;(data \d+ )/g, '$1');
}

function show(frame: Frame): string {
  if (frame.type !== 'data') return `${JSON.stringify(frame)};`;
  return `data ${frame.stream} ${frame.bytes.toString('hex')}${frame.end};`;
}
