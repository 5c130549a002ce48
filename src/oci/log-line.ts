import { appendFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { getSystemErrorMessage } from 'node:util';
import { isKernelError, messageOf } from '../base/error.ts';
import type { OciClient } from './client.ts';
import type { Flags } from './flags.ts';

/** What commands of runc put before a failure; callers look for some of them. */
const prefixes: Readonly<Record<string, string>> = {
  create: 'runc create failed: ',
  run: 'runc run failed: ',
  exec: 'exec failed: ',
};

/** Where `--log` and `--log-format` want lines. */
export class OciLog {
  readonly #client: OciClient;
  readonly #cwd: string;
  readonly #flags: Flags;

  constructor(client: OciClient, cwd: string, flags: Flags) {
    this.#client = client;
    this.#cwd = cwd;
    this.#flags = flags;
  }

  /** With `--debug` alone. */
  debug(text: string): void {
    if (this.#flags.on('debug')) this.#line('debug', text);
  }

  warn(text: string): void {
    this.#line('warning', text);
  }

  /** The last line of a command that failed; on stderr as well where the log is a file. */
  fail(command: string, error: unknown): void {
    const text = `${prefixes[command] ?? ''}${explain(error)}`;
    this.#line('error', text);
    if (this.#path !== '') this.#client.write(`${text}\n`, 2);
  }

  get #path(): string {
    const path = this.#flags.text('log') ?? '';
    return path === '' || path === '/dev/stderr' ? '' : resolve(this.#cwd, path);
  }

  #line(level: string, msg: string): void {
    const time = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    const json = this.#flags.text('log-format') === 'json';
    const line = json
      ? JSON.stringify({ level, msg, time })
      : `time="${time}" level=${level} msg=${JSON.stringify(msg)}`;
    if (this.#path === '') this.#client.write(`${line}\n`, 2);
    else appendFileSync(this.#path, `${line}\n`, { mode: 0o644 });
  }
}

/**
 * In runc's words where its callers read them: Podman finds out by `executable file not found`,
 * `no such file or directory` and `permission denied` what went wrong.
 */
export function explain(error: unknown): string {
  if (!isKernelError(error)) return messageOf(error);
  const { call, code, path = '', errno, text } = error;
  const words = getSystemErrorMessage(-errno);
  const start = 'unable to start container process: ';
  if (call === 'find' || call === 'execve') {
    const missing = code === 'ENOENT' && !path.includes('/');
    const why = missing ? 'executable file not found in $PATH' : words;
    const subject = code === 'ENOENT' && path.includes('/') ? `stat ${path}: ` : '';
    return `${start}exec: ${JSON.stringify(path)}: ${subject}${why}`;
  }
  const detail = text === undefined ? '' : ` (${text})`;
  return `${start}${call}${path === '' ? '' : ` ${path}`}: ${words}${detail}`;
}
