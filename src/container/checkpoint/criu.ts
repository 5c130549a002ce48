import { execFile, spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { DomainError, hasCode, isKernelError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import { setResourceLimit } from '../../kernel/rlimit.ts';

interface Outcome {
  readonly failed: boolean;
  readonly output: string;
}

/** What the dump and restore commands here are known to work with. */
const oldestVersion = [3, 17] as const;

const searchPath =
  process.env['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** criu runs tar and the like by name. */
const environment = { PATH: searchPath };

/** Programs whose kernel check has passed, with the time of their file. */
const passed = new Map<string, number>();

/**
 * Why nothing can be checkpointed on this machine, by criu's own check of the kernel; undefined
 * where it can work. `program` is a path, or a name that is looked up in PATH. A good answer is
 * kept for as long as the file is the same.
 */
export async function criuProblem(
  signal: AbortSignal,
  program = 'criu',
): Promise<string | undefined> {
  const path = findCriu(program);
  if (path === undefined) return 'criu is not installed (in Debian the package is called criu)';
  const changed = statSync(path).mtimeMs;
  if (passed.get(path) === changed) return undefined;
  const version = await run(path, ['--version'], signal);
  const name = /Version: *(\S+)/.exec(version.output)?.[1] ?? '';
  const words = name === '' ? 'criu' : `criu ${name}`;
  if (isTooOld(name)) return `${words} is too old: ${oldestVersion.join('.')} is needed`;
  const check = await run(path, ['check'], signal);
  if (check.failed) return `${words} does not work on this kernel: ${errorsIn(check.output)}`;
  passed.set(path, changed);
  return undefined;
}

/** The absolute path of the program; undefined when there is none. */
export function findCriu(program: string): string | undefined {
  const folders = program.includes('/') ? [''] : searchPath.split(delimiter);
  return folders.map((folder) => join(folder, program)).find(isProgram);
}

/** The first of criu's errors, which is the cause, and the last, which is what failed by it. */
export function errorsIn(output: string): string {
  const errors = output.split('\n').flatMap((line) => /(?:^|\) )(Error .*)/.exec(line)?.[1] ?? []);
  const last = errors.at(-1) ?? 'it ended without a word';
  const first = errors[0] === last ? '' : `${errors[0] ?? ''}; `;
  return `${first}${last}`.slice(0, longestWords);
}

const longestWords = 900;

/** criu's log; '' where there is none, or one that is far too long. */
export function readLog(path: string): string {
  try {
    if (statSync(path).size > limits.checkpointDocumentBytes) return '';
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return '';
    throw error;
  }
}

export interface CriuRun {
  readonly program: string;
  readonly words: readonly string[];
  readonly signal: AbortSignal;
  /** Told as soon as it runs. */
  readonly started: (pid: number) => void;
}

/**
 * One command to its end; its exit code, 128 and more where a signal ended it. It has no stream of
 * ours and a session of its own: were this process killed, one that writes to nobody would be
 * killed as well, with its hands in somebody's memory. For the same reason an abort does not kill
 * it at once: its files may not grow any more, upon which it undoes what it has done and fails.
 */
export async function runCriu({ program, words, signal, started }: CriuRun): Promise<number> {
  signal.throwIfAborted();
  // Writing too much shall be an error there, not a signal.
  const child = spawn('/bin/sh', ['-c', 'trap "" XFSZ; exec "$@"', 'sh', program, ...words], {
    stdio: 'ignore',
    detached: true,
    cwd: '/',
    env: environment,
  });
  let last: NodeJS.Timeout | undefined;
  const abort = (): void => {
    last = setTimeout(() => child.kill('SIGKILL'), undoMs);
    if (child.pid !== undefined) stopWriting(child.pid);
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', (cause) =>
        reject(new DomainError('unsupported', `Cannot run "${program}"`, { cause })),
      );
      child.once('exit', (code) => resolve(code ?? killedCode));
      if (child.pid !== undefined) started(child.pid);
    });
  } finally {
    clearTimeout(last);
    signal.removeEventListener('abort', abort);
  }
}

function stopWriting(pid: number): void {
  try {
    setResourceLimit(pid, 'RLIMIT_FSIZE', { soft: 0n, hard: 0n });
  } catch (error) {
    if (!isKernelError(error, 'ESRCH')) throw error;
  }
}

const killedCode = 137;
/** What a dump that is given up has for letting its processes go unharmed. */
const undoMs = 3000;

function isProgram(path: string): boolean {
  try {
    const status = statSync(path);
    return status.isFile() && (status.mode & 0o111) !== 0;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return false;
    throw error;
  }
}

/** One that does not say its version is not refused for it. */
function isTooOld(version: string): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined) return false;
  const [oldMajor, oldMinor] = oldestVersion;
  return Number(major) < oldMajor || (Number(major) === oldMajor && Number(minor) < oldMinor);
}

function run(program: string, args: readonly string[], signal: AbortSignal): Promise<Outcome> {
  return new Promise((resolve) => {
    const timeout = limits.criuCheckMs;
    const options = { signal, timeout, maxBuffer: 256 * 1024, env: environment };
    execFile(program, [...args], options, (error, stdout, stderr) => {
      resolve({ failed: error !== null, output: `${stdout}${stderr}` });
    });
  });
}
