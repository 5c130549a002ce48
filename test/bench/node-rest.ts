import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { ClusterLab } from '../e2e/lab/cluster-lab.ts';
import type { Bench } from './bench.ts';

const program = fileURLToPath(new URL('../../bin/keelson', import.meta.url));
/** After this it has done what a start brings with it. */
const settleMs = 60_000;

/** Each process of the node that is keelson: its name, and what it takes in KiB. */
const look = `
for process in /proc/[0-9]*; do
  case $(readlink "$process/exe") in */bin/node*|*/native/build/*|*keelson*) ;; *) continue ;; esac
  share=$(awk '$1 == "Pss:" { print $2 }' "$process/smaps_rollup" 2>/dev/null) || continue
  echo "$share $(tr '\\0' ' ' <"$process/cmdline" | sed 's/.* -- //' | cut -c 1-70)"
done`;

const bench: Bench = {
  question: 'what all processes of `keelson up` take in memory, without pods: PSS, in MB',
  prepare: async () => {
    // As scripts/install does it: a program that compiles itself keeps the compiler in memory.
    execFileSync(program, ['completion', 'bash']);
    const lab = await ClusterLab.start('--nodes', '1');
    await delay(settleMs);
    const ours = {
      name: 'keelson',
      run: async () => {
        const lines = (await lab.see('host01', look)).split('\n');
        for (const line of lines) console.log(line);
        return [lines.reduce((sum, line) => sum + Number.parseInt(line, 10) * 1024, 0) / 1e6];
      },
    };
    return {
      cases: [{ case: '', unit: 'MB', rounds: 1, ours, peers: [] }],
      [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose](),
    };
  },
};

export default bench;
