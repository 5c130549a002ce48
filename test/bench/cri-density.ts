import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { RuntimeService } from '../../src/cri/generated/runtime.ts';
import type { Bench, Side } from './bench.ts';
import type { Daemon } from './cri/daemon.ts';
import { runContainer, runPod } from './cri/life.ts';
import { startRuntimes } from './cri/runtimes.ts';

const pods = 100;
const restSeconds = 15;
const ticksPerSecond = 100;

/** 100 pods with a container each on the host's network, then what they cost at rest. */
const bench: Bench = {
  question: 'at 100 pods: memory per pod (supervisors), of the daemon, and CPU at rest',
  prepare: async () => {
    const runtimes = await startRuntimes();
    const { ours, peer } = runtimes;
    for (const daemon of [ours, peer]) {
      for (let made = 0; made < pods; made += 1) {
        await runContainer(daemon, await runPod(daemon, 'host'));
      }
    }
    const both = (measure: (daemon: Daemon) => Promise<number>): { ours: Side; peers: Side[] } => ({
      ours: { name: ours.name, run: async () => [await measure(ours)] },
      peers: [{ name: peer.name, run: async () => [await measure(peer)] }],
    });
    return {
      cases: [
        { case: 'pod', unit: 'KiB', rounds: 3, ...both(supervisorKib) },
        { case: 'daemon', unit: 'MiB', rounds: 3, ...both(async ({ pid }) => residentMib(pid)) },
        { case: 'cpu', unit: '%', rounds: 2, ...both(cpuAtRest) },
      ],
      [Symbol.asyncDispose]: () => runtimes[Symbol.asyncDispose](),
    };
  },
};

export default bench;

/** Private memory of all supervisors, which have their pod's id among their words, for one pod. */
async function supervisorKib({ client, name }: Daemon): Promise<number> {
  const program = name === 'keelson' ? /keelson-shim/ : /containerd-shim-runc-v2/;
  const { items } = await client.call(RuntimeService.ListPodSandbox);
  const ids = items.map(({ id }) => id);
  let kib = 0;
  let found = 0;
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      const own = ids.some((id) => words.some((word) => word.includes(id)));
      if (program.test(words[0] ?? '') && own) {
        kib += privateKib(pid);
        found += 1;
      }
    } catch {
      // It ended meanwhile.
    }
  }
  if (found < pods) throw new Error(`${found} supervisors for ${pods} pods`);
  return kib / pods;
}

function privateKib(pid: string): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const fields = rollup.matchAll(/^Private_(?:Clean|Dirty|Hugetlb): +(\d+) kB$/gm);
  return [...fields].reduce((sum, [, value]) => sum + Number(value), 0);
}

function residentMib(pid: number): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1]) / 1024;
}

/** As a kubelet leaves a node at rest: both lists every second. Of one CPU. */
async function cpuAtRest({ client, pid }: Daemon): Promise<number> {
  const before = ticksOf(pid);
  for (let second = 0; second < restSeconds; second += 1) {
    await client.time(RuntimeService.ListPodSandbox);
    await client.time(RuntimeService.ListContainers);
    await delay(1000);
  }
  return ((ticksOf(pid) - before) / ticksPerSecond / restSeconds) * 100;
}

/** `/proc/PID/stat`: utime and stime. */
function ticksOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
