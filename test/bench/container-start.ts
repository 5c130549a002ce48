import { join } from 'node:path';
import { openHierarchy } from '../../src/cgroup/hierarchy.ts';
import { KeelsonEngine } from '../../src/container/engine.ts';
import type { Bench } from './bench.ts';
import { BenchBundle } from './oci/bundle.ts';
import { Stopwatch } from './oci/stopwatch.ts';

const perRound = 10;

/** Ours through the engine of a resident process, with log and records; peers from the shell. */
const bench: Bench = {
  question: 'create, start, wait for and delete a container that runs /bin/true',
  prepare: async () => {
    const bundle = new BenchBundle(['/bin/true']);
    const stopwatch = new Stopwatch(bundle.folder);
    const engine = new KeelsonEngine({ stateFolder: join(bundle.state, 'keelson') });
    let count = 0;
    const runOurs = async (): Promise<number> => {
      const id = `c${++count}`;
      const request = {
        id,
        podId: 'pod',
        spec: bundle.spec,
        logPath: join(bundle.folder, 'log'),
        stdin: 'none',
        cgroupPath: `/${bundle.name}/${id}`,
      } as const;
      const start = performance.now();
      await engine.create(request);
      await engine.start(id);
      const { exitCode } = await engine.wait(id);
      await engine.remove(id);
      const ms = performance.now() - start;
      if (exitCode !== 0) throw new Error(`/bin/true exited with ${exitCode}`);
      return ms;
    };
    const peer = (name: string, command: readonly string[], withoutUnified = false) => ({
      name,
      run: async () => {
        const id = `${bundle.name}-${++count}-@`;
        return await stopwatch.time(perRound, [...command, id], { withoutUnified });
      },
    });
    const options = (name: string) => ['--root', join(bundle.state, name)];
    return {
      cases: [
        {
          case: '',
          unit: 'ms',
          rounds: 20,
          ours: {
            name: 'keelson',
            run: async () => {
              const samples: number[] = [];
              while (samples.length < perRound) samples.push(await runOurs());
              return samples;
            },
          },
          peers: [
            peer('runc run', ['runc', ...options('runc'), 'run', '--bundle', bundle.folder]),
            peer('crun run', ['crun', ...options('crun'), 'run', '--bundle', bundle.folder], true),
            {
              name: 'bare clone3, pivot_root, exec, wait',
              run: () => stopwatch.time(perRound, ['--bare', bundle.root]),
            },
          ],
        },
      ],
      [Symbol.asyncDispose]: async () => {
        await engine.endPod('pod');
        await engine.close();
        using hierarchy = openHierarchy();
        await hierarchy.remove(`/${bundle.name}`);
        bundle[Symbol.dispose]();
      },
    };
  },
};

export default bench;
