/**
 * Chapter 3, limits, as far as every kernel has them: S3.1, S3.6, S3.8. What needs controllers of
 * cgroup v2 is in test/lab/inside/cli.ts.
 */
import { once } from 'node:events';
import { execFileSync, spawn } from 'node:child_process';
import t from 'tap';
import { makeHosts } from './hosts.ts';
import { missing } from './reader.ts';

const skip = missing('ip', 'tc', 'iperf3', 'ps');
if (skip !== undefined) {
  t.pass('skipped', { skip });
  process.exit(0);
}

t.setTimeout(110_000);

const shell = (script: string): string =>
  execFileSync('bash', ['-c', `exec 2>&1; ${script}`], { encoding: 'utf8' });

t.test('S3.1 classes of scheduling', async (t) => {
  const rows = shell('ps -e -o pid,cls,rtprio,ni,comm');
  t.match(rows, /^ *\d+ +TS +- +-?\d+ /m);
  t.match(rows, /^ *\d+ +FF +\d+ +- /m);
});

t.test('S3.6 a limit of address space', async (t) => {
  const shown = shell('ulimit -v 262144; cat /dev/zero | head -c 500m | tail || true');
  t.match(shown, /memory exhausted/);
});

t.test('S3.8 a bucket of tokens on the interface', async (t) => {
  using hosts = makeHosts();
  const host01 = `ip netns exec ${hosts.host01}`;
  shell(`${host01} tc qdisc add dev enp0s8 root tbf rate 100mbit burst 256kbit latency 400ms`);
  t.match(shell(`${host01} tc qdisc show dev enp0s8`), /qdisc tbf .* rate 100Mbit/);
  let megabits = 0;
  // A busy machine may be too slow for the rate once, not five times.
  for (let attempt = 0; attempt < 5 && megabits < 75; attempt += 1) {
    megabits = await megabitsBetween(hosts);
    t.ok(megabits < 105, `${megabits.toFixed(1)} Mbit/s at most`);
  }
  t.ok(megabits > 75, `${megabits.toFixed(1)} Mbit/s`);
});

async function megabitsBetween(hosts: ReturnType<typeof makeHosts>): Promise<number> {
  const args = ['netns', 'exec', hosts.host02, 'iperf3', '-s', '-1', '--forceflush'];
  const server = spawn('ip', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(server, 'exit');
  try {
    await once(server.stdout, 'data');
    const client = `ip netns exec ${hosts.host01} iperf3 -J -t 4 -c 192.168.61.12`;
    const report = JSON.parse(shell(client)) as {
      readonly end: { readonly sum_received: { readonly bits_per_second: number } };
    };
    return report.end.sum_received.bits_per_second / 1e6;
  } finally {
    server.kill();
    await ended;
  }
}
