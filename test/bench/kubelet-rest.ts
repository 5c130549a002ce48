import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { shell } from '../e2e/kubelet/private-node.ts';
import type { Bench, Side } from './bench.ts';
import { BenchNode } from './kubelet/bench-node.ts';

const pods = 50;
/** What the starts have left in memory is collected within half a minute: that is no rest yet. */
const settleMs = 40_000;
const watchMs = 20_000;
/** Of times in /proc/PID/stat, a second; 100 on all of today's kernels. */
const ticks = 100;

const bench: Bench = {
  question: `what the kubelet takes with ${pods} running pods, an HTTP probe a second each`,
  prepare: async () => {
    const bench = await BenchNode.start();
    const readinessProbe = { httpGet: { port: 8080 }, periodSeconds: 1 };
    const script = 'echo ok >/tmp/index.html; exec busybox httpd -f -p 8080 -h /tmp';
    const names = await bench.createUnbound(pods, shell(script, { readinessProbe }));
    await Promise.all(names.map((name) => bench.bind(name)));
    await delay(settleMs);
    const pid = bench.node.kubeletPid;
    const cpu: Side = {
      name: 'keelson',
      run: async () => {
        const [before, start] = [cpuSeconds(pid), performance.now()];
        await delay(watchMs);
        return [(100_000 * (cpuSeconds(pid) - before)) / (performance.now() - start)];
      },
    };
    const memory: Side = { name: 'keelson', run: async () => [megabytes(pid)] };
    return {
      cases: [
        { case: 'cpu', unit: '% of a core', rounds: 2, ours: cpu, peers: [] },
        { case: 'memory', unit: 'MB', rounds: 1, ours: memory, peers: [] },
      ],
      [Symbol.asyncDispose]: async () => {
        await bench.remove(names);
        await bench[Symbol.asyncDispose]();
      },
    };
  },
};

export default bench;

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / ticks;
}

function megabytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1000;
}
