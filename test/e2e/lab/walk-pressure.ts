/** Chapter 12: a node that runs out of memory, by its own measure. */
import type { Test } from 'tap';
import type { ClusterLab } from './cluster-lab.ts';
import { sleeper, workload } from './objects.ts';

const configuration = '/etc/keelson/kubelet.yaml';
const restart = `kill -KILL $(cat /run/keelson/kubelet.lock)`;

export async function walkPressure(t: Test, lab: ClusterLab): Promise<void> {
  await t.test(
    'S12.5 a node under memory pressure: pods are evicted, and come elsewhere',
    async (t) => {
      await lab.apply(
        workload('Deployment', 'debug', { replicas: 6, template: { containers: [sleeper()] } }),
      );
      await lab.type('rollout status deployment debug --timeout=180s');
      t.match(await lab.sees('top nodes --no-headers', /^host03 +\d/m), /^host03 +\d/m);
      // More than any machine has free is wanted: half of what this one has would do, too.
      const kilobytes = Number(
        await lab.see('host03', `awk '/MemTotal/ { print $2 }' /proc/meminfo`),
      );
      const threshold = `printf 'evictionHard:\\n  memory.available: "${kilobytes - 1024}Ki"\\n'`;
      await lab.see(
        'host03',
        `cp ${configuration} /run/before.yaml; ${threshold} >>${configuration}; ${restart}`,
      );
      await lab.sees('describe node host03', /MemoryPressure +True[^]*NodeHasInsufficientMemory/);
      t.match(
        await lab.sees('describe node host03', /EvictionThresholdMet/),
        /EvictionThresholdMet/,
      );
      t.match(await lab.type('get node host03 --no-headers'), / Ready /, 'it stays ready');
      await lab.sees('get pods -l app=debug -o wide --no-headers', (seen) => {
        const running = seen.split('\n').filter((row) => / Running /.test(row));
        return running.length === 6 && running.every((row) => !row.includes('host03'));
      });
      const over = await lab.type(
        'get pods --field-selector status.phase=Failed -o wide --no-headers',
      );
      t.match(over, /host03/, 'what was evicted stays in the list');
      t.match(over, /Evicted|OutOfmemory|Error|Completed/);
      await lab.see('host03', `cp /run/before.yaml ${configuration}; ${restart}`);
      await lab.sees('describe node host03', /MemoryPressure +False/);
      await lab.type('delete deployment debug --timeout=120s');
      await lab.type('delete pods --field-selector status.phase=Failed --timeout=60s');
      await lab.sees('get pods -l app=debug -o name', /^$/);
    },
  );
}
