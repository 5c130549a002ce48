import * as library from 'ws';
import { limits } from '../../../src/base/limits.ts';
import { decodeMessage, encodeMessage } from '../../../src/stream/websocket/message.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

type Listener = (data: Buffer, isBinary: boolean) => void;

/** The part of `ws` that reads frames, which its types leave out. */
const { Receiver } = library as unknown as {
  readonly Receiver: new (options: object) => {
    on(event: 'message', listener: Listener): void;
    _write(chunk: Buffer, encoding: string, done: (error?: Error) => void): void;
  };
};

/** What a streaming client sends over a WebSocket: frames with channels' messages in them. */
export const target: FuzzTarget = {
  run(input) {
    const receiver = new Receiver({
      isServer: true,
      maxPayload: limits.webSocketMessageBytes,
      allowSynchronousEvents: true,
    });
    receiver.on('message', (data, isBinary) => check(data, isBinary));
    // Not `write`, which leaves work to the event loop, to which the fuzzer never comes back.
    receiver._write(input, 'buffer', () => undefined);
    check(input, true);
    check(input, false);
  },
  seeds: [
    frame(0x82, Buffer.from('\0input')),
    frame(0x82, Buffer.from([255, 0])),
    frame(0x81, Buffer.from('0aW5wdXQ=')),
    frame(0x82, Buffer.from('\x04{"Width":80,"Height":24}')),
    Buffer.concat([frame(0x02, Buffer.from('\0be')), frame(0x80, Buffer.from('gun'))]),
    Buffer.concat([frame(0x89, Buffer.from('ping')), frame(0x88, Buffer.from([3, 232]))]),
    frame(0x82, Buffer.alloc(300, 1)),
  ],
  words: ['\x82\xfe\x01\0', '\x82\xff\0\0\0\0\0\0\xff\xff', '\x88\x80', '\x89\xfd', '\xff\x01'],
};

/** RFC 6455, 5.2: a masked frame, as clients send it. */
function frame(head: number, payload: Buffer): Buffer {
  const long = payload.length > 125;
  const length = long ? [0x80 | 126, payload.length >> 8, payload.length & 255] : [];
  const short = [0x80 | payload.length];
  return Buffer.concat([Buffer.from([head, ...(long ? length : short), 0, 0, 0, 0]), payload]);
}

function check(data: Buffer, isBinary: boolean): void {
  const encoding = isBinary ? 'binary' : 'base64';
  const message = decodeMessage(encoding, data);
  if (message === undefined) return;
  hold(message.channel >= 0 && message.channel <= (isBinary ? 255 : 9), 'a channel');
  hold(message.bytes.length < data.length, 'no more than came');
  const again = decodeMessage(
    encoding,
    Buffer.from(encodeMessage(encoding, message.channel, message.bytes)),
  );
  hold(again?.bytes.equals(message.bytes) === true, 'it can be written and read again');
}
