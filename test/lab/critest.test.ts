/**
 * critest's spec about a container that takes more memory than it may, which a machine with
 * version 1 controllers cannot enforce. It runs where test/e2e/critest.test.ts does; the files that
 * are named have to be on the machine's root file system.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { unable } from './lab.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const needed = ['CRITEST', 'CRITEST_IMAGES', 'CRITEST_REGISTRY'];
const absent = needed.filter((name) => process.env[name] === undefined);
const skip = absent.length > 0 ? `needs ${absent.join(' and ')}` : unable();

t.setTimeout(400_000);

const script = `
  mkdir -p /tmp/kernel/lib
  ln -s /usr/lib/uml/modules /tmp/kernel/lib/modules
  modprobe -d /tmp/kernel -a bridge veth
  CRITEST_PROCESSES=1 exec scripts/critest -ginkgo.focus=OOMKilled`;

t.test('a container above its limit is OOMKilled to critest', { skip }, (t) => {
  const command = ['run', '--memory', '2G', '--timeout', '350', '--', 'env'];
  const names = needed.map((name) => `${name}=${process.env[name]}`);
  const { stdout } = spawnSync('scripts/lab', [...command, ...names, 'sh', '-c', script], {
    cwd: project,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  t.match(stdout, /1 Passed \| 0 Failed/, stdout.slice(-4000));
  t.end();
});
