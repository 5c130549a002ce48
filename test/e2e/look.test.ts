import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { PrivateRuntime } from './private-runtime.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

// Every step starts a process; on a busy machine that takes its time.
t.setTimeout(110_000);
const runtime = await PrivateRuntime.start();
t.teardown(() => runtime[Symbol.asyncDispose]());
const run = runtime.run.bind(runtime);

async function inspect(name: string, template: string): Promise<string> {
  return (await run('inspect', '--format', template, name)).stdout.trim();
}

t.test('logs: tail, times, both streams, following until the end', async (t) => {
  const script = 'for i in 1 2 3 4 5; do echo line $i; done; echo bad >&2; sleep 1; echo last';
  await run('run', '-d', '--name', 'll', 'busybox', 'sh', '-c', script);
  const followed = await run('logs', '-f', 'll');
  t.equal(followed.stdout, 'line 1\nline 2\nline 3\nline 4\nline 5\nlast\n');
  t.equal(followed.stderr, 'bad\n');
  t.equal((await run('logs', '--tail', '1', 'll')).stdout, 'last\n');
  t.equal((await run('logs', '--tail', '0', 'll')).stdout, '');
  t.match((await run('logs', '-t', '--tail', '1', 'll')).stdout, /^\d{4}-.*T.*Z last\n$/);
  t.equal((await run('logs', '--since', '2100-01-01', 'll')).stdout, '');
  t.equal((await run('logs', '--until', '2001-01-01', 'll')).stdout, '');
  await run('rm', 'll');
});

t.test('restart policies: so often, always, and not after stop', async (t) => {
  await run('run', '-d', '--restart', 'on-failure:2', '--name', 'rr', 'busybox', 'false');
  const status = () => inspect('rr', '{{.RestartCount}} {{.State.Status}}');
  for (let wait = 0; wait < 200 && (await status()) !== '2 exited'; wait += 1) await sleep(100);
  await sleep(500);
  t.equal(await status(), '2 exited', 'and not once more');
  await run('run', '-d', '--restart', 'always', '--name', 'aa', 'busybox', 'sleep', '60');
  await run('stop', '-t', '0', 'aa');
  await sleep(500);
  t.equal(await inspect('aa', '{{.State.Status}}'), 'exited');
  await run('rm', '-f', 'rr', 'aa');
});

t.test('listings: filters, JSON, templates, short ids', async (t) => {
  await run('run', '-d', '--name', 'x1', '-l', 'team=a', 'busybox', 'sleep', '60');
  await run('create', '--name', 'x2', 'busybox', 'true');
  const json = JSON.parse((await run('ps', '-a', '-o', 'json')).stdout) as { Names: string }[];
  t.same(json.map(({ Names }) => Names).toSorted(), ['x1', 'x2']);
  t.match((await run('ps', '-q')).stdout, /^[0-9a-f]{12}\n$/);
  t.equal((await run('ps', '-aqf', 'label=team=b')).stdout, '');
  t.equal((await run('ps', '-a', '-f', 'status=created', '--format', '{{.Names}}')).stdout, 'x2\n');
  t.match((await run('ps', '-f', 'nme=x')).stderr, /did you mean "name=/);
  t.match((await run('ps', '--format', '{{.Nope}}')).stderr, /no field "\.Nope"/);
  t.match((await run('stats', '--no-stream', '--format', '{{.Name}}')).stdout, /^x1$/m);
  const [row] = JSON.parse((await run('stats', '--no-stream', '-o', 'json', 'x1')).stdout) as {
    NetIO: string;
    CPUPressure: string;
  }[];
  t.match(row?.NetIO, /^\d\S* ?\S* \/ \d/, 'of a pod with a network of its own');
  t.match(row?.CPUPressure, /^(--|\d+\.\d\d%)$/);
  t.match((await run('stats', '--no-stream')).stdout, /NET I\/O .*PRESSURE/);
  t.equal((await run('rename', 'x2', 'x3')).code, 0);
  t.match((await run('rename', 'x3', 'x1')).stderr, /in use/);
  await run('rm', '-f', 'x1', 'x3');
});
