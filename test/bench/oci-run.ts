import { join } from 'node:path';
import { program, Resident } from '../kernel/oci/runtime.ts';
import type { Bench } from './bench.ts';
import { BenchBundle } from './oci/bundle.ts';
import { Stopwatch } from './oci/stopwatch.ts';

const perRound = 10;

/** Whole commands from a small native process: start, container, clean-up, exit. */
const bench: Bench = {
  question: 'the OCI command line: a whole `run` of /bin/true',
  prepare: async () => {
    const bundle = new BenchBundle(['/bin/true']);
    const stopwatch = new Stopwatch(bundle.folder);
    const resident = await Resident.start();
    let count = 0;
    const side = (name: string, command: readonly string[], options: SideOptions = {}) => ({
      name,
      run: async () => {
        const { environment = {}, rounds = perRound, ...rest } = options;
        Object.assign(process.env, environment);
        const id = `${bundle.name}-${++count}-@`;
        const words = ['run', '--bundle', bundle.folder, id];
        try {
          return await stopwatch.time(rounds, [...command, ...words], rest);
        } finally {
          for (const key of Object.keys(environment)) delete process.env[key];
        }
      },
    });
    const root = (name: string) => ['--root', join(bundle.state, name)];
    const peers = [
      side('runc run', ['runc', ...root('runc')]),
      side('crun run', ['crun', ...root('crun')], { withoutUnified: true }),
    ];
    const ours = [program, ...root('keelson')];
    return {
      cases: [
        {
          case: 'resident',
          unit: 'ms',
          rounds: 20,
          ours: side('keelson', ours, { environment: { KEELSON_OCI_SOCKET: resident.socket } }),
          peers,
        },
        {
          case: 'alone',
          unit: 'ms',
          rounds: 5,
          ours: side('keelson', ours, { environment: { KEELSON_OCI_ALONE: '1' }, rounds: 3 }),
          peers,
        },
      ],
      [Symbol.asyncDispose]: async () => {
        await resident[Symbol.asyncDispose]();
        bundle[Symbol.dispose]();
      },
    };
  },
};

interface SideOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly rounds?: number;
  readonly withoutUnified?: boolean;
}

export default bench;
