import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { compileSeccomp, type SeccompFilter, type SeccompProfile } from '../../../src/index.ts';
import { addon } from '../../../src/kernel/addon.ts';
import { recentSyscalls } from '../../../src/kernel/recent-syscalls.ts';

/** What filtered.ts reads from its standard input. */
export interface Task {
  readonly program: string;
  readonly flags: number;
  readonly calls?: readonly { number: number; values: readonly (number | string)[] }[];
  readonly command?: readonly string[];
}

type SystemCall = readonly [name: string, ...values: (number | string)[]];

/** The errno of each call in a process under the profile; 0 for success. */
export async function underFilter(
  profile: SeccompProfile,
  calls: readonly SystemCall[],
): Promise<number[]> {
  const numbered = calls.map(([name, ...values]) => ({ number: numberOf(name), values }));
  return JSON.parse(start(await compileSeccomp(profile), { calls: numbered })) as number[];
}

/** What a program prints that runs under the filter. */
export function run(filter: SeccompFilter, command: readonly string[]): string {
  return start(filter, { command });
}

function start(filter: SeccompFilter, work: Pick<Task, 'calls' | 'command'>): string {
  const { program, flags } = filter;
  const task: Task = { program: program.toString('base64'), flags, ...work };
  const script = fileURLToPath(new URL('filtered.ts', import.meta.url));
  return execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', script], {
    encoding: 'utf8',
    input: JSON.stringify(task),
  });
}

function numberOf(name: string): number {
  const recent = recentSyscalls.get(name);
  const architecture = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  return recent ?? addon.syscallNumber(name, architecture);
}
