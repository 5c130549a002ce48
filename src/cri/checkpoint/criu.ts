import { execFile } from 'node:child_process';
import { hasCode } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';

interface Outcome {
  readonly failed: boolean;
  readonly missing: boolean;
  readonly output: string;
}

/**
 * Why nothing can be checkpointed on this machine, by criu's own check of the kernel; undefined
 * where it can work. `program` is looked up in PATH.
 */
export async function criuProblem(
  signal: AbortSignal,
  program = 'criu',
): Promise<string | undefined> {
  const version = await run(program, ['--version'], signal);
  if (version.missing) return 'criu is not installed (in Debian the package is called criu)';
  const check = await run(program, ['check'], signal);
  if (!check.failed) return undefined;
  const name = /Version: *(\S+)/.exec(version.output)?.[1] ?? '';
  const errors = check.output.split('\n').filter((line) => line.startsWith('Error'));
  const last = errors.at(-1) ?? 'it ended without a word';
  const first = errors[0] === last ? '' : `${errors[0] ?? ''}; `;
  const words = name === '' ? 'criu' : `criu ${name}`;
  return `${words} does not work on this kernel: ${first}${last}`.slice(0, longestWords);
}

const longestWords = 1000;

function run(program: string, args: readonly string[], signal: AbortSignal): Promise<Outcome> {
  return new Promise((resolve) => {
    const env = { PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin' };
    const options = { signal, timeout: limits.criuCheckMs, maxBuffer: 256 * 1024, env };
    execFile(program, [...args], options, (error, stdout, stderr) => {
      const output = `${stdout}${stderr}`;
      resolve({ failed: error !== null, missing: hasCode(error, 'ENOENT', 'EACCES'), output });
    });
  });
}
