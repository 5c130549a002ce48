/** The command line, and the book's chapter on limits (S3.2 to S3.7), where limits bite. */
import t from 'tap';
import { runInside, unable } from './lab.ts';

t.test('limits by the command line', { skip: unable() }, async (t) => {
  await runInside(t, {
    files: [
      'test/lab/inside/cli.ts',
      'test/lab/inside/exercises.ts',
      'test/e2e/runtime-handler.test.ts',
    ],
    seconds: 580,
  });
});
