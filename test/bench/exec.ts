import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { openHierarchy } from '../../src/cgroup/hierarchy.ts';
import { KeelsonEngine } from '../../src/container/engine.ts';
import type { Bench } from './bench.ts';
import { BenchBundle } from './oci/bundle.ts';
import { Stopwatch } from './oci/stopwatch.ts';

const perRound = 10;

/** Ours with the exec's streams handed over, from request to exit code. */
const bench: Bench = {
  question: 'run /bin/true in a running container',
  prepare: async () => {
    const bundle = new BenchBundle(['/bin/sleep', '100000']);
    const stopwatch = new Stopwatch(bundle.folder);
    const engine = new KeelsonEngine({ stateFolder: join(bundle.state, 'keelson') });
    const { name, folder, spec } = bundle;
    const cgroupPath = `/${name}/c`;
    await engine.create({ id: 'c', podId: 'pod', spec, stdin: 'none', cgroupPath });
    await engine.start('c');
    const runc = ['--root', join(bundle.state, 'runc')];
    const peerName = `${name}-runc`;
    const quiet = { stdio: 'ignore' } as const;
    execFileSync('runc', [...runc, 'run', '--detach', '--bundle', folder, peerName], quiet);
    const execOurs = async (): Promise<number> => {
      const start = performance.now();
      const session = await engine.exec('c', {
        args: ['/bin/true'],
        terminal: false,
        stdin: false,
      });
      const exitCode = await session.exited;
      const ms = performance.now() - start;
      await session.close();
      if (exitCode !== 0) throw new Error(`/bin/true exited with ${exitCode}`);
      return ms;
    };
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
              while (samples.length < perRound) samples.push(await execOurs());
              return samples;
            },
          },
          peers: [
            {
              name: 'runc exec',
              run: () => stopwatch.time(perRound, ['runc', ...runc, 'exec', peerName, '/bin/true']),
            },
          ],
        },
      ],
      [Symbol.asyncDispose]: async () => {
        execFileSync('runc', [...runc, 'delete', '--force', peerName], quiet);
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
