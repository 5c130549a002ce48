import { spawn } from 'node:child_process';
import { constants, accessSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { hasCode } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import { CniCode, CniError } from './cni-error.ts';
import { type JsonObject, isObject } from './json.ts';

const verbs = ['ADD', 'DEL', 'CHECK', 'GC', 'STATUS', 'VERSION'] as const;

export type Verb = (typeof verbs)[number];

export function isVerb(text: string): text is Verb {
  return (verbs as readonly string[]).includes(text);
}

/** One call of one plugin, as the specification has it: environment and stdin. */
export interface Invocation {
  readonly verb: Verb;
  readonly type: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly input: JsonObject;
  /** The namespace of CNI_NETNS, where it is open already. */
  readonly netnsFd?: number;
}

/**
 * Runs a plugin and gives what it printed: a document for ADD and VERSION, undefined for the verbs
 * without an answer. Throws the plugin's own error as CniError.
 */
export type Invoke = (
  invocation: Invocation,
  signal?: AbortSignal,
) => Promise<JsonObject | undefined>;

/** Invokes the programs of the plugin folders (`/opt/cni/bin`), first folder first. */
export function programInvoker(folders: readonly string[]): Invoke {
  return async (invocation, signal) => {
    const path = findProgram(folders, invocation.type);
    const environment = { ...invocation.environment, CNI_PATH: folders.join(':') };
    const request = { ...invocation, environment };
    for (let attempt = 1; ; attempt++) {
      try {
        return answerOf(path, await runProgram(path, request, signal));
      } catch (error) {
        // Somebody is just installing the plugin by writing over it: it can be run in a moment.
        if (!hasCode(error, 'ETXTBSY') || attempt === maximumAttempts) throw error;
        await delay(attempt * 100, undefined, { ...(signal && { signal }) });
      }
    }
  };
}

const maximumAttempts = 6;

/** The first program of that name. Throws CniError 7 when no folder has one. */
export function findProgram(folders: readonly string[], type: string): string {
  for (const folder of folders) {
    const path = join(folder, type);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // The next folder may have it.
    }
  }
  throw new CniError(
    CniCode.invalidConfiguration,
    `Cannot find CNI plugin "${type}" in ${folders.join(', ')}`,
  );
}

interface Output {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The plugin's own words where it printed an error document; else its exit code and stderr. */
function answerOf(path: string, output: Output): JsonObject | undefined {
  const document = parsed(output.stdout);
  if (output.exitCode === 0) {
    if (output.stdout.trim() === '' || document !== undefined) return document;
    throw new CniError(CniCode.decode, `${path} printed what is not a JSON object`, output.stdout);
  }
  const code = Number(document?.['code']);
  const text = document?.['msg'];
  if (Number.isSafeInteger(code) && typeof text === 'string') {
    const details = document?.['details'];
    throw new CniError(code, text, typeof details === 'string' ? details : '');
  }
  const words = (output.stderr.trim() || output.stdout.trim()).slice(0, 1000);
  throw new CniError(CniCode.internal, `${path} ended with code ${output.exitCode}: ${words}`);
}

function parsed(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function runProgram(path: string, request: Invocation, signal?: AbortSignal): Promise<Output> {
  const late = aborted(signal, path);
  if (late !== undefined) return Promise.reject(late);
  return new Promise((resolve, reject) => {
    const child = spawn(path, [], {
      env: { PATH: process.env['PATH'], ...request.environment, CNI_COMMAND: request.verb },
      stdio: ['pipe', 'pipe', 'pipe'],
      // A process group of its own: what it has started ends with it when it is given up.
      detached: true,
    });
    const giveUp = (): void => {
      killGroup(child.pid);
      reject(aborted(signal, path) ?? tooLarge(path));
    };
    signal?.addEventListener('abort', giveUp, { once: true });
    const stdout = collect(child.stdout, limits.cniDocumentBytes, giveUp);
    const stderr = collect(child.stderr, limits.cniErrorBytes);
    child.on('error', reject);
    child.on('close', (code, killedBy) => {
      signal?.removeEventListener('abort', giveUp);
      const exitCode = code ?? 128;
      if (killedBy === null) resolve({ exitCode, stdout: stdout(), stderr: stderr() });
      else reject(aborted(signal, path) ?? tooLarge(path));
    });
    // VERSION does not read its stdin, and a plugin may end before it has read all.
    child.stdin.on('error', () => undefined);
    child.stdin.end(request.verb === 'VERSION' ? '' : JSON.stringify(request.input));
  });
}

/** Undefined where the program could not be started. A group whose last process is gone is fine. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}

/** Keeps the first `maximum` bytes; `overflow` is called once when there is more. */
function collect(stream: NodeJS.ReadableStream, maximum: number, overflow?: () => void) {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    const room = maximum - size;
    if (room > 0) chunks.push(chunk.subarray(0, room));
    if (chunk.length > room && room >= 0) overflow?.();
    size += chunk.length;
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

function aborted(signal: AbortSignal | undefined, path: string): CniError | undefined {
  if (signal?.aborted !== true) return undefined;
  return new CniError(CniCode.tryAgainLater, `${path} was ended: it took too long`);
}

function tooLarge(path: string): CniError {
  return new CniError(
    CniCode.decode,
    `${path} was ended: it printed over ${limits.cniDocumentBytes} bytes, or a signal ended it`,
  );
}
