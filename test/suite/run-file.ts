import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

export interface Outcome {
  readonly file: string;
  readonly passed: boolean;
  readonly seconds: number;
  /** Standard output and standard error, in the order in which they came. */
  readonly output: string;
}

export interface RunOptions {
  readonly signal: AbortSignal;
  readonly longestMs?: number;
}

/** A test that asks for more has a limit of its own, below this one. */
const longestTestMs = 1_800_000;
/** Enough for the story of any failure; what is longer loses its middle. */
const longestOutput = 32 * 1024 * 1024;
/** A process that the test left may hold its output open; what the test said is in by then. */
const drainMs = 500;

/**
 * Runs one test file in a process group of its own, which is killed when the file has ended, has
 * taken too long, or the run is given up. Nothing is loaded into the test's processes that is not
 * their own.
 */
export async function runFile(file: string, options: RunOptions): Promise<Outcome> {
  const { signal, longestMs = longestTestMs } = options;
  const begin = performance.now();
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    // Of a test that sets no limit of its own.
    env: { TAP_TIMEOUT: '300', ...process.env },
  });
  const chunks: Buffer[] = [];
  let size = 0;
  const keep = (chunk: Buffer): void => {
    size += chunk.length;
    if (size <= longestOutput) chunks.push(chunk);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const ended = new Promise<number | string>((resolve) => {
    child.once('exit', (code, name) => resolve(code ?? name ?? 'unknown'));
    child.once('error', (error) => resolve(error.message));
  });
  const stop = (): void => void endGroup(child.pid, ended);
  signal.addEventListener('abort', stop, { once: true });
  const timer = setTimeout(stop, longestMs);
  const status = await ended;
  clearTimeout(timer);
  signal.removeEventListener('abort', stop);
  await Promise.race([closed, delay(drainMs, undefined, { ref: false })]);
  killGroup(child.pid, 'SIGKILL');
  const seconds = (performance.now() - begin) / 1000;
  const text = Buffer.concat(chunks).toString();
  const why = typeof status === 'string' ? `not ok - ${file} ended by ${status}\n` : '';
  return { file, passed: status === 0, seconds, output: text + why };
}

/** First so that the test can clean up, then for good. */
async function endGroup(pid: number | undefined, ended: Promise<unknown>): Promise<void> {
  killGroup(pid, 'SIGTERM');
  await Promise.race([ended, delay(10_000, undefined, { ref: false })]);
  killGroup(pid, 'SIGKILL');
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // All its processes have ended.
  }
}
