import { decodeProtobuf, openEnvelope } from '../../../src/api/decode-protobuf.ts';
import { decodeJson } from '../../../src/api/decode-json.ts';
import { messageType } from '../../../src/api/schema/schema.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

const types = [
  'core.v1.Pod',
  'core.v1.Node',
  'core.v1.Event',
  'coordination.v1.Lease',
  'apps.v1.Deployment',
  'meta.v1.DeleteOptions',
];

/** Bodies in protobuf; the first byte chooses the message. */
export const target: FuzzTarget = {
  run(input) {
    const bytes = input.subarray(1);
    if (input[0] === 255) {
      openEnvelope(bytes);
      return;
    }
    const type = messageType(types[(input[0] ?? 0) % types.length] ?? '');
    const { unknown } = decodeJson(type, decodeProtobuf(type, bytes));
    hold(unknown.length === 0, 'what is read has the fields of its type alone');
  },
  seeds: [
    // metadata: name "web"; spec: a container.
    Buffer.from('\x00\x0a\x05\x0a\x03web\x12\x08\x12\x06\x0a\x01a\x12\x01x', 'latin1'),
    Buffer.from('\x03\x0a\x05\x0a\x03web\x12\x06\x0a\x04node', 'latin1'),
    Buffer.from('\x02\x0a\x05\x0a\x03web\x22\x05words', 'latin1'),
    Buffer.from('\x05\x08\x1e', 'latin1'),
    Buffer.from('\xffk8s\0\x0a\x09\x0a\x02v1\x12\x03Pod\x12\x00', 'latin1'),
  ],
  words: ['\x0a\x00', '\x08\u{80}\x01', '\x12\x02', '\u{ff}\u{ff}\u{ff}\u{ff}\u{f}', 'k8s\0'],
};
