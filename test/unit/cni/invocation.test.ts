import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { processesWith } from '../../e2e/processes.ts';
import { until } from '../../until.ts';
import { type Invocation, programInvoker } from '../../../src/cni/invocation.ts';

/** A plugin folder with one program, a shell script. */
function folderWith(t: { testdir(files: Record<string, string>): string }, script: string): string {
  const folder = t.testdir({ plug: `#!/bin/sh\n${script}\n` });
  chmodSync(join(folder, 'plug'), 0o755);
  return folder;
}

const call: Invocation = {
  verb: 'ADD',
  type: 'plug',
  environment: { CNI_CONTAINERID: 'c1', CNI_IFNAME: 'eth0' },
  input: { name: 'net' },
};

t.test('a program gets environment and stdin, and its answer comes back', async (t) => {
  const folder = folderWith(
    t,
    'printf \'{"command":"%s","id":"%s","path":"%s","input":%s}\' ' +
      '"$CNI_COMMAND" "$CNI_CONTAINERID" "$CNI_PATH" "$(cat)"',
  );
  const answer = await programInvoker(['/nowhere', folder])(call);
  t.match(answer, { command: 'ADD', id: 'c1', path: `/nowhere:${folder}`, input: { name: 'net' } });
});

t.test('only CNI variables and PATH reach a program', async (t) => {
  process.env['SECRET_FOR_TEST'] = 'x';
  t.teardown(() => delete process.env['SECRET_FOR_TEST']);
  const folder = folderWith(t, 'printf \'{"secret":"%s"}\' "$SECRET_FOR_TEST"');
  t.same(await programInvoker([folder])(call), { secret: '' });
});

t.test("an error document is the plugin's own error, with code and details", async (t) => {
  const folder = folderWith(
    t,
    'echo \'{"cniVersion":"1.0.0","code":11,"msg":"busy","details":"later"}\'; exit 1',
  );
  await t.rejects(programInvoker([folder])(call), { code: 11, message: 'busy', details: 'later' });
});

t.test('a program that fails without a document is named with its code and stderr', async (t) => {
  const folder = folderWith(t, 'echo boom >&2; exit 3');
  await t.rejects(programInvoker([folder])(call), {
    code: 999,
    message: /plug ended with code 3: boom/,
  });
});

t.test('an answer that is no JSON object is refused', async (t) => {
  await t.rejects(programInvoker([folderWith(t, 'echo hello')])(call), { code: 6 });
});

t.test('a missing program is named with the folders', async (t) => {
  await t.rejects(programInvoker(['/nowhere'])(call), /Cannot find CNI plugin "plug" in \/nowhere/);
});

t.test('a program that hangs is killed when the signal aborts', async (t) => {
  const folder = folderWith(t, 'exec sleep 60');
  await t.rejects(programInvoker([folder])(call, AbortSignal.timeout(200)), {
    code: 11,
    message: /took too long/,
  });
});

for (const [words, last] of [
  ['that waits for them', 'wait'],
  ['that has ended, and left them its streams', 'exit 0'],
] as const) {
  t.test(`what a program has started ends with it, also of one ${words}`, async (t) => {
    const word = `60${process.pid}`;
    const folder = folderWith(
      t,
      `sleep ${word} & (sleep ${word}; true) & echo > "$0.begun"; ${last}`,
    );
    const abort = new AbortController();
    const outcome = programInvoker([folder])(call, abort.signal);
    outcome.catch(() => undefined);
    const isBegun = (): boolean => existsSync(join(folder, 'plug.begun'));
    t.ok(await until(() => isBegun() && processesWith(word).length >= 2));
    abort.abort();
    await t.rejects(outcome, { code: 11 });
    t.ok(await until(() => processesWith(word).length === 0), 'no process is left');
  });
}

t.test('a call that is given up before it begins starts nothing', async (t) => {
  const folder = folderWith(t, 'echo > "$0.begun"');
  await t.rejects(programInvoker([folder])(call, AbortSignal.abort()), { code: 11 });
  t.notOk(existsSync(join(folder, 'plug.begun')));
});

t.test('a program that prints without end is killed', async (t) => {
  const folder = folderWith(t, 'exec yes');
  await t.rejects(programInvoker([folder])(call, AbortSignal.timeout(20_000)), {
    message: /printed over/,
  });
});

t.test('VERSION gets an empty stdin', async (t) => {
  const folder = folderWith(t, 'cat > "$0.in"; echo "{}"');
  await programInvoker([folder])({ ...call, verb: 'VERSION' });
  t.ok(existsSync(join(folder, 'plug.in')));
  t.equal(readFileSync(join(folder, 'plug.in'), 'utf8'), '');
});
