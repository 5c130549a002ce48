import t from 'tap';
import { limits } from '../../../../src/base/limits.ts';
import { encode } from '../../../../src/grpc/codec.ts';
import { withinAnswer } from '../../../../src/cri/container/cri-exec.ts';
import { ExecSyncResponse } from '../../../../src/cri/generated/runtime.ts';

function lengths(stdout: number, stderr: number, bytes: number): [number, number] {
  const answer = withinAnswer(Buffer.alloc(stdout), Buffer.alloc(stderr), bytes);
  return [answer.stdout.length, answer.stderr.length];
}

t.test('what fits stays whole, and the shorter stream is cut last', (t) => {
  t.same(lengths(4, 6, 10), [4, 6]);
  t.same(lengths(100, 2, 10), [8, 2]);
  t.same(lengths(2, 100, 10), [2, 8]);
  t.same(lengths(100, 100, 10), [5, 5]);
  t.same(lengths(100, 0, 10), [10, 0]);
  t.same(lengths(7, 4, 10), [6, 4]);
  t.end();
});

t.test('an answer with both streams full is one that a client of 16 MiB takes', (t) => {
  const full = Buffer.alloc(limits.execSyncBytes);
  const answer = encode(ExecSyncResponse, { ...withinAnswer(full, full), exit_code: -1 });
  t.ok(answer.length <= 16 * 1024 * 1024, `${answer.length} bytes`);
  t.ok(answer.length > 16 * 1024 * 1024 - 200);
  t.end();
});
