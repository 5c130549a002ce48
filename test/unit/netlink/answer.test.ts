import t from 'tap';
import { Answer } from '../../../src/netlink/answer.ts';
import { BatchAnswer } from '../../../src/netlink/batch-answer.ts';
import { text, u32 } from '../../../src/netlink/codec.ts';
import { flag, Source, type Message } from '../../../src/netlink/message.ts';
import { MessageWriter } from '../../../src/netlink/writer.ts';

const request = {
  call: 'RTM_NEWLINK',
  type: 16,
  flags: flag.acknowledge,
  object: 'eth0',
  write() {},
};
const dump = { ...request, call: 'RTM_GETLINK', flags: flag.dump };
const lengthOf = (message: Message): number => message.end - message.start;

interface Piece {
  type: number;
  flags?: number;
  sequence?: number;
  body?: (writer: MessageWriter) => void;
}

function bytesOf(...pieces: Piece[]): Source {
  const writer = new MessageWriter();
  for (const { type, flags = 0, sequence = 5, body } of pieces) {
    writer.beginMessage(type, flags, sequence);
    body?.(writer);
    writer.endMessage();
  }
  return new Source(writer.take());
}

/** struct nlmsgerr with the request's header, and extensions after it. */
function errorBody(errno: number, extensions?: (writer: MessageWriter) => void) {
  return (writer: MessageWriter): void => {
    const offset = writer.reserve(20);
    writer.view.setInt32(offset, -errno, true);
    writer.view.setUint32(offset + 4, 16, true);
    extensions?.(writer);
  };
}

/** An error that carries the whole request, as sockets without NETLINK_CAP_ACK get it. */
function echoed(w: MessageWriter): void {
  const offset = w.reserve(4 + 24);
  w.view.setInt32(offset, -17, true);
  w.view.setUint32(offset + 4, 24, true);
  text.write(w, 1, 'exists');
}

function refusedAtEnd(w: MessageWriter): void {
  w.view.setInt32(w.reserve(4), -1, true);
}

function read<T>(answer: Answer<T>, source: Source): boolean {
  return answer.read(source, source.bytes.length);
}

t.test('an acknowledgement ends an answer without values', async (t) => {
  const answer = new Answer(request, 5, lengthOf);
  t.equal(read(answer, bytesOf({ type: 2, body: errorBody(0) })), true);
  t.same(answer.finish(), []);
});

t.test('an error has the number, its name and the text of the kernel', async (t) => {
  const answer = new Answer(request, 5, lengthOf);
  const flags = flag.capped | flag.extendedAcknowledgement;
  const body = errorBody(22, (w) => {
    text.write(w, 1, 'mtu less than device minimum');
    u32.write(w, 2, 36);
  });
  t.equal(read(answer, bytesOf({ type: 2, flags, body })), true);
  t.throws(() => answer.finish(), {
    name: 'KernelError',
    message: 'RTM_NEWLINK eth0: EINVAL (mtu less than device minimum)',
    errno: 22,
  });
});

t.test('a missing attribute is named by its number', async (t) => {
  const answer = new Answer(request, 5, lengthOf);
  const flags = flag.capped | flag.extendedAcknowledgement;
  read(answer, bytesOf({ type: 2, flags, body: errorBody(22, (w) => u32.write(w, 5, 3)) }));
  t.throws(() => answer.finish(), { message: /EINVAL \(incomplete: attribute 3 is missing\)/ });
});

t.test('extensions after an echoed request are found, hostile ones are not followed', async (t) => {
  const flags = flag.extendedAcknowledgement;
  const answer = new Answer(request, 5, lengthOf);
  read(answer, bytesOf({ type: 2, flags, body: echoed }));
  t.throws(() => answer.finish(), { message: 'RTM_NEWLINK eth0: EEXIST (exists)' });
  for (const length of [0xffffffff, 1_000_000, 3]) {
    const hostile = (w: MessageWriter): void => {
      const offset = w.reserve(20);
      w.view.setInt32(offset, -17, true);
      w.view.setUint32(offset + 4, length, true);
    };
    const other = new Answer(request, 5, lengthOf);
    t.doesNotThrow(() => {
      try {
        read(other, bytesOf({ type: 2, flags, body: hostile }));
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'DomainError') throw error;
      }
    });
  }
});

t.test('a dump ends with its last message, in as many pieces as it has', async (t) => {
  const answer = new Answer(dump, 5, lengthOf);
  const part = { type: 16, flags: flag.multi, body: (w: MessageWriter) => void w.reserve(8) };
  t.equal(read(answer, bytesOf(part, part)), false);
  t.equal(read(answer, bytesOf(part, { ...part, sequence: 4 })), false, 'an earlier answer');
  t.equal(
    read(answer, bytesOf({ type: 3, flags: flag.multi, body: (w) => void w.reserve(4) })),
    true,
  );
  t.same(answer.finish(), [8, 8, 8]);
  t.equal(answer.interrupted, false);
});

t.test('an interrupted dump is noticed in any of its messages', async (t) => {
  for (const which of [0, 1]) {
    const answer = new Answer(dump, 5, lengthOf);
    const flags = (i: number): number => flag.multi | (i === which ? flag.dumpInterrupted : 0);
    read(answer, bytesOf({ type: 16, flags: flags(0) }, { type: 3, flags: flags(1) }));
    t.equal(answer.interrupted, true);
  }
});

t.test('a dump that fails at its end is an error', async (t) => {
  const answer = new Answer(dump, 5, lengthOf);
  t.equal(read(answer, bytesOf({ type: 3, flags: flag.multi, body: refusedAtEnd })), true);
  t.throws(() => answer.finish(), { code: 'EPERM' });
});

t.test('a message that cannot be decoded fails the answer only when it has ended', async (t) => {
  const answer = new Answer(dump, 5, () => {
    throw new TypeError('bad');
  });
  t.equal(read(answer, bytesOf({ type: 16, flags: flag.multi })), false);
  t.equal(read(answer, bytesOf({ type: 3, flags: flag.multi })), true);
  t.throws(() => answer.finish(), { message: 'bad' });
});

t.test('a batch tells refusals by index and ends with the last acknowledgement', async (t) => {
  const batch = new BatchAnswer([request, request, request], 10, 2);
  const refused = bytesOf({ type: 2, sequence: 11, body: errorBody(17) });
  t.equal(batch.read(refused, refused.bytes.length), false);
  const ended = bytesOf(
    { type: 2, sequence: 9, body: errorBody(1) },
    { type: 2, sequence: 12, body: errorBody(0) },
  );
  t.equal(batch.read(ended, ended.bytes.length), true);
  t.match(batch.failures, [{ index: 1, error: { code: 'EEXIST' } }]);
});
