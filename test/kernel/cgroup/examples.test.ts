import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { cgroupIsMissing, unable } from './scratch.ts';

const skip = unable();
const project = fileURLToPath(new URL('../../..', import.meta.url));

t.test('the example of limits runs', { skip }, async (t) => {
  const { stdout, stderr, status } = example('cgroup-limit');
  t.equal(status, 0);
  t.equal(stderr, '');
  t.match(stdout, /^cgroup v2 at \//);
  t.match(stdout, /\nprocesses: 1\nCPU: \d+ % of one, for a second\n/);
  t.match(stdout, /\nfrozen: true\nended by SIGKILL\n$/);
  t.ok(cgroupIsMissing('/keelson-example'), 'nothing is left');
});

t.test('the example of events runs', { skip }, async (t) => {
  const { stdout, stderr, status } = example('cgroup-events');
  t.equal(status, 0);
  t.equal(stderr, '');
  t.match(stdout, /^populated\n(.*\n)*empty\nkilled for want of memory: \d\n$/);
  t.ok(cgroupIsMissing('/keelson-example'));
});

t.test('the example of devices runs', { skip }, async (t) => {
  const { stdout, status } = example('cgroup-devices');
  t.equal(status, 0);
  t.equal(stdout, '/dev/null: opens\n/dev/zero: is refused\n/dev/urandom: is refused\n');
  t.ok(cgroupIsMissing('/keelson-example'));
});

interface Result {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}

function example(name: string): Result {
  const program = `examples/${name}.ts`;
  const options = { cwd: project, encoding: 'utf8', timeout: 30_000 } as const;
  return spawnSync(process.execPath, [program], options);
}
