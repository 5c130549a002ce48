import { chmodSync } from 'node:fs';
import t from 'tap';
import { criuProblem } from '../../../../src/container/checkpoint/criu.ts';

const { signal } = new AbortController();

function program(script: string): string {
  const folder = t.testdir({ criu: `#!/bin/sh\n${script}\n` });
  chmodSync(`${folder}/criu`, 0o755);
  return `${folder}/criu`;
}

t.test('what is missing is named by its package', async (t) => {
  t.match(await criuProblem(signal, '/no/such/criu'), /not installed.*package is called criu/);
});

t.test("a kernel that criu cannot work on is told in criu's words, first and last", async (t) => {
  const path = program(`
    [ "$1" = check ] || { echo "Version: 3.17.1"; exit 0; }
    echo "Error (criu/vdso.c:381): vdso: Unexpected rt vDSO area bounds" >&2
    echo "Warn of nothing" >&2
    echo "Error (criu/crtools.c:260): Could not initialize" >&2
    exit 1`);
  t.equal(
    await criuProblem(signal, path),
    'criu 3.17.1 does not work on this kernel: Error (criu/vdso.c:381): vdso: Unexpected rt vDSO ' +
      'area bounds; Error (criu/crtools.c:260): Could not initialize',
  );
});

t.test('one that only fails, or talks without end, is told in bounded words', async (t) => {
  t.match(await criuProblem(signal, program('exit 1')), /without a word/);
  const endless = program('[ "$1" = check ] || exit 0; yes "Error x"');
  t.ok(((await criuProblem(signal, endless)) ?? '').length <= 1000);
});

t.test('nothing is said where it works', async (t) => {
  t.equal(await criuProblem(signal, program('echo "Looks good."')), undefined);
});
