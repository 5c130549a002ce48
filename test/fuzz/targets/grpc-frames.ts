import { isDomainError } from '../../../src/base/error.ts';
import { frameOf, Frames } from '../../../src/grpc/frames.ts';
import { type FuzzTarget, hold } from '../fuzz-target.ts';

const longestBytes = 4096;

/** What a client of the CRI's socket sends as the body of a call. */
export const target: FuzzTarget = {
  run(input) {
    const whole = read([input]);
    for (const message of whole.messages) {
      hold(message.length <= longestBytes, 'a message has a bound');
    }
    const bytes = Array.from({ length: input.length }, (_, at) => input.subarray(at, at + 1));
    const inBytes = read(bytes);
    hold(inBytes.refusal === whole.refusal, 'how it is cut does not matter to a refusal');
    if (whole.refusal !== '') return;
    const [once, again] = [whole, inBytes].map(({ messages }) =>
      Buffer.concat(messages.map(frameOf)),
    );
    hold(once?.equals(again ?? Buffer.alloc(0)) === true, 'nor to the messages');
    hold(input.subarray(0, once?.length).equals(once ?? input), 'nothing is lost or made up');
  },
  seeds: [
    frameOf(Buffer.from('one')),
    Buffer.concat([
      frameOf(Buffer.alloc(0)),
      frameOf(Buffer.from('two')),
      frameOf(Buffer.alloc(300)),
    ]),
    Buffer.from([1, 0, 0, 0, 1, 7]),
    Buffer.from([0, 255, 255, 255, 255]),
  ],
  words: ['\0\0\0\0\0', '\0\0\0\x10\0', '\0\0\0\x10\x01'],
};

function read(parts: readonly Buffer[]): { readonly messages: Buffer[]; readonly refusal: string } {
  const frames = new Frames(longestBytes);
  const messages: Buffer[] = [];
  try {
    for (const part of parts) messages.push(...frames.take(part));
    return { messages, refusal: '' };
  } catch (error) {
    if (!isDomainError(error)) throw error;
    return { messages, refusal: error.message };
  }
}
