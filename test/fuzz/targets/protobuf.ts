import { decode, encode } from '../../../src/grpc/codec.ts';
import { CreateRequest, SessionInput } from '../../../src/cri/generated/keelson.ts';
import {
  RunPodSandboxRequest,
  UpdateContainerResourcesRequest,
} from '../../../src/cri/generated/runtime.ts';
import type { Message } from '../../../src/grpc/message.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

/** Requests on the socket; the first byte chooses the message. */
const messages = [
  CreateRequest,
  SessionInput,
  RunPodSandboxRequest,
  UpdateContainerResourcesRequest,
] as unknown as readonly Message<object>[];

export const target: FuzzTarget = {
  run(input) {
    const message = messages[(input[0] ?? 0) % messages.length];
    if (message === undefined) return;
    const bytes = encode(message, decode(message, input.subarray(1)));
    hold(encode(message, decode(message, bytes)).equals(bytes), 'what is written is read back');
  },
  seeds: [
    framed(
      0,
      encode(CreateRequest, {
        name: 'x',
        config: { image: { image: 'busybox' }, args: ['a'], labels: { k: 'v' } },
        options: { rlimits: [{ type: 'RLIMIT_CORE', soft: 1, hard: 2n ** 63n }], pids_limit: -1 },
      }),
    ),
    framed(1, encode(SessionInput, { stdin: Buffer.from('typed') })),
    framed(
      2,
      encode(RunPodSandboxRequest, {
        config: { metadata: { name: 'p', attempt: 1 }, linux: { sysctls: { a: 'b' } } },
      }),
    ),
    framed(3, encode(UpdateContainerResourcesRequest, { linux: { cpu_quota: -1 } })),
  ],
  words: ['\u{ff}\u{ff}\u{ff}\u{ff}\u{f}', '\x0a\x00', '\x08\u{80}\x01'],
};

function framed(kind: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([kind]), bytes]);
}
