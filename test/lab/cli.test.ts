/** The command line, and the book's chapter on limits (S3.2 to S3.7), where limits bite. */
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { unable } from './lab.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const skip = unable();

t.setTimeout(600_000);
if (skip === false) {
  const command = ['run', '--timeout', '580', '--', 'node', 'test/lab/inside/cli.ts'];
  t.spawn('scripts/lab', command, { cwd: project, timeout: 590_000 }, 'limits by the command line');
} else t.test('limits by the command line', { skip }, () => {});
