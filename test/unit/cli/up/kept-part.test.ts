import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pino } from 'pino';
import t from 'tap';
import { KeptPart } from '../../../../src/cli/up/kept-part.ts';

t.test('what was let go runs on, and keeps nobody', async (t) => {
  const folder = t.testdir({});
  const path = `${folder}/runtime.lock`;
  const script = 'exec 9>>"$1"; flock -n 9 && echo $$ >"$1" && echo locked; exec sleep 1000';
  const holder = spawn('bash', ['-c', script, 'bash', path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  const part = { name: 'runtime', flags: [], lockPath: path } as const;
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const kept = new KeptPart(part, { folder, log });
  await kept.start();
  t.match(lines.join(''), 'runs already');
  kept.release();
  await kept.stop();
  t.equal(holder.exitCode ?? holder.signalCode, null, 'it runs');
  t.equal(lines.length, 1, 'and nothing is said of its end');
});
