import { spawnSync } from 'node:child_process';
import type { netlink } from '../../../src/index.ts';
import { MessageWriter } from '../../../src/netlink/writer.ts';
import type { TestNamespace } from './namespace.ts';

export const hasStrace = spawnSync('strace', ['-V']).status === 0;

/**
 * The changes that a command of iproute2 sends, as strace sees them leave: whole messages with the
 * sequence number cleared. Its look-ups (without NLM_F_ACK) are left out.
 */
export function messagesOf(space: TestNamespace, command: string, mayFail = false): Buffer[] {
  const words = command.split(' ');
  const options = ['-f', '-e', 'trace=sendmsg,sendto', '-e', 'write=all'];
  const run = spawnSync('strace', [...options, 'ip', 'netns', 'exec', space.name, ...words], {
    encoding: 'utf8',
  });
  if (run.status !== 0 && !mayFail) throw new Error(`${command}: ${run.stderr.split('\n').at(-3)}`);
  const buffers = run.stderr.split(/^ \* \d+ bytes in buffer \d+$/m).slice(1);
  return buffers
    .map((dump) => {
      const lines = [...dump.matchAll(/^ \| [0-9a-f]+ ((?: {1,2}[0-9a-f]{2})+) /gm)];
      return Buffer.from(lines.map((line) => line[1]?.replaceAll(' ', '')).join(''), 'hex');
    })
    .filter((message) => (message.readUInt16LE(6) & 4) !== 0)
    .map((message) => {
      message.writeUInt32LE(0, 8);
      return message;
    });
}

/** What we would send. */
export function encoded(request: netlink.Request): Buffer {
  const writer = new MessageWriter();
  writer.beginMessage(request.type, request.flags | 1, 0);
  request.write(writer);
  writer.endMessage();
  return writer.take();
}

/**
 * Bytes in groups that a person can compare, with the attributes after a header of `bytes` in the
 * order of their numbers: the kernel does not care, and iproute2 has the order of its options.
 */
export function sorted(message: Buffer, bytes: number): string[] {
  const attributes: string[] = [];
  let offset = 16 + bytes;
  while (offset + 4 <= message.length) {
    const length = message.readUInt16LE(offset);
    if (length < 4) throw new Error(`attribute of ${length} bytes`);
    const type = message.readUInt16LE(offset + 2) & 0x3fff;
    const hex = message.subarray(offset, offset + length).toString('hex');
    attributes.push(`${String(type).padStart(5)} ${hex}`);
    offset += (length + 3) & ~3;
  }
  return [
    message.subarray(0, 16).toString('hex'),
    message.subarray(16, 16 + bytes).toString('hex'),
    ...attributes.toSorted(),
  ];
}
