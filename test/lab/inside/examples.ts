/** The examples of docs/cgroup.md, where the limits in them hold. */
import { execFileSync } from 'node:child_process';
import t from 'tap';

t.test('the example of limits is limited', async (t) => {
  const stdout = example('cgroup-limit');
  t.match(stdout, /^cgroup v2 at \/sys\/fs\/cgroup has: cpu io memory pids\nprocesses: 1\n/);
  const percent = Number(/CPU: (\d+) %/.exec(stdout)?.[1]);
  t.ok(percent > 10 && percent < 40, `${percent} % with a quota of 20 %`);
  t.match(stdout, /\nmemory: \d+ bytes\nfrozen: true\nended by SIGKILL\n$/);
});

t.test('the example of events sees the OOM kill', async (t) => {
  const stdout = example('cgroup-events');
  t.match(stdout, /\noom \(\d+\)\noomKill \(1\)\n(.*\n)*empty\nkilled for want of memory: 1\n$/);
});

function example(name: string): string {
  return execFileSync('node', [`examples/${name}.ts`], { encoding: 'utf8', timeout: 60_000 });
}
