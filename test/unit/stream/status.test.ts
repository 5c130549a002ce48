import t from 'tap';
import { type CommandResult, parseResult, resultText } from '../../../src/stream/status.ts';

const exited = (exitCode: number): CommandResult => ({ kind: 'exited', exitCode });

t.test('version 4 says the exit code as a Status document', async (t) => {
  t.same(JSON.parse(resultText(exited(7), 4) ?? ''), {
    metadata: {},
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message: 'command terminated with non-zero exit code: exit status 7',
    details: { causes: [{ reason: 'ExitCode', message: '7' }] },
  });
  for (const result of [exited(0), { kind: 'done' } as const]) {
    t.same(JSON.parse(resultText(result, 5) ?? ''), { metadata: {}, status: 'Success' });
  }
});

t.test('a failure is an internal error in version 4', async (t) => {
  t.match(JSON.parse(resultText({ kind: 'failed', message: 'no "sh"' }, 4) ?? ''), {
    status: 'Failure',
    reason: 'InternalError',
    code: 500,
    message: /^Internal error occurred: error executing command in container: no "sh"$/,
  });
});

t.test('earlier versions say words, and nothing when all is well', async (t) => {
  t.equal(resultText(exited(0), 1), undefined);
  t.equal(resultText({ kind: 'done' }, 3), undefined);
  t.match(resultText(exited(3), 3), /^command terminated with non-zero exit code: exit status 3$/);
  t.match(resultText({ kind: 'failed', message: 'why' }, 2), /^error executing command .*: why$/);
});

t.test('what was written is read back', async (t) => {
  t.same(parseResult(resultText(exited(0), 4) ?? ''), { kind: 'done' });
  t.same(parseResult(resultText(exited(255), 4) ?? ''), exited(255));
  t.match(parseResult(resultText({ kind: 'failed', message: 'x' }, 4) ?? ''), {
    kind: 'failed',
    message: /x$/,
  });
});

t.test('anything else is a failure in its own words', async (t) => {
  const odd = ['', 'words', 'null', '1', '[]', '{}', '{"reason":"NonZeroExitCode"}'];
  odd.push('{"reason":"NonZeroExitCode","details":{"causes":[null,{"reason":"ExitCode"}]}}');
  odd.push('{"reason":"NonZeroExitCode","details":{"causes":{"0":{}}}}');
  for (const text of odd) t.same(parseResult(text), { kind: 'failed', message: text }, text);
});
