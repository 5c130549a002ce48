import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openHierarchy } from '../../src/cgroup/hierarchy.ts';
import { KeelsonEngine } from '../../src/container/engine.ts';
import type { Bench } from './bench.ts';
import { BenchBundle } from './oci/bundle.ts';
import { Containerd } from './oci/containerd.ts';

/** What would be free if the process were gone, in KiB. */
function privateKib(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const field = (name: string) =>
    Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(rollup)?.[1]);
  return field('Private_Clean') + field('Private_Dirty') + field('Private_Hugetlb');
}

/** A container that sleeps; its shim after it has written a log and run an exec. */
const bench: Bench = {
  question: "private memory of an idle container's supervisor",
  prepare: async () => {
    const bundle = new BenchBundle(['/bin/sleep', '100000']);
    const engine = new KeelsonEngine({ stateFolder: join(bundle.state, 'keelson') });
    const { spec, name, folder } = bundle;
    const logPath = join(folder, 'log');
    const cgroupPath = `/${name}/c`;
    await engine.create({ id: 'c', podId: 'pod', spec, stdin: 'none', logPath, cgroupPath });
    await engine.start('c');
    const session = await engine.exec('c', { args: ['/bin/true'], terminal: false, stdin: false });
    await session.exited;
    await session.close();
    const ours = await engine.findPod('pod');
    const containerd = await Containerd.start(bundle);
    return {
      cases: [
        {
          case: '',
          unit: 'KiB',
          rounds: 5,
          ours: { name: 'keelson-shim', run: async () => [privateKib(ours)] },
          peers: [
            {
              name: 'containerd-shim-runc-v2',
              run: async () => [privateKib(containerd.shimPid)],
            },
          ],
        },
      ],
      [Symbol.asyncDispose]: async () => {
        await containerd[Symbol.asyncDispose]();
        await engine.remove('c');
        await engine.endPod('pod');
        await engine.close();
        using hierarchy = openHierarchy();
        await hierarchy.remove(`/${name}`);
        bundle[Symbol.dispose]();
      },
    };
  },
};

export default bench;
