import { setTimeout as delay } from 'node:timers/promises';
import { DomainError, hasCode, messageOf } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import { encodePlan, operation } from '../kernel/operation.ts';
import { sharedSpawner } from '../kernel/spawner.ts';
import { readingEnd, writingEnd } from '../kernel/streams.ts';
import { bundleOf } from './bundle.ts';
import type { Container } from './container.ts';
import type { EngineContext } from './engine-context.ts';
import { checkHook, hookState } from './plan/plan-hooks.ts';
import type { Hook } from './spec.ts';

type HostHook = 'prestart' | 'createRuntime' | 'poststart' | 'poststop';

const statuses: Readonly<Record<HostHook, string>> = {
  prestart: 'creating',
  createRuntime: 'creating',
  poststart: 'running',
  poststop: 'stopped',
};

/**
 * Hooks that run on the host, one after the other, with the state document on stdin. The first that
 * fails ends the sequence; only poststop's come too late to change anything, and are logged.
 */
export async function runHooks(
  context: EngineContext,
  container: Container,
  kind: HostHook,
): Promise<void> {
  const { spec, id, runtime } = container.request;
  // Another runtime runs them itself.
  if (runtime !== undefined) return;
  for (const hook of spec.hooks?.[kind] ?? []) {
    const bundle = bundleOf(context.store, container.request);
    const pid = kind === 'poststop' ? 0 : container.record.pid;
    const state = hookState({ id, bundle, spec }, statuses[kind], pid);
    try {
      checkHook(hook);
      await runHook(hook, state);
    } catch (cause) {
      if (kind !== 'poststop') throw cause;
      context.warn(messageOf(cause));
    }
  }
}

let count = 0;

/** One hook, to its end. Throws DomainError `invalid` with its words, or `timeout`. */
export async function runHook(hook: Hook, state: string): Promise<void> {
  const spawner = await sharedSpawner();
  const name = `hook-${++count}`;
  const exit = spawner.exitOf(name);
  const { pid, fds } = await launchHook(hook, name).catch((error: unknown) => {
    spawner.forgetExit(name);
    throw new DomainError('invalid', `Hook "${hook.path}" cannot be run: ${messageOf(error)}`, {
      cause: error,
    });
  });
  const streams = openStreams(fds, state);
  let late = false;
  const timeoutMs = Math.min((hook.timeout ?? 0) * 1000, 0x7fffffff);
  const timer = setTimeout(() => (late = killGroup(pid)), timeoutMs);
  if (timeoutMs === 0) clearTimeout(timer);
  const code = (await exit)?.exitCode ?? 255;
  clearTimeout(timer);
  // Who a hook leaves behind may keep its pipes for ever.
  const words = code === 0 ? '' : await Promise.race([streams.complaint, delay(100, '')]);
  streams.close();
  if (late) throw new DomainError('timeout', `Hook "${hook.path}" took more than ${timeoutMs} ms`);
  if (code === 0) return;
  throw new DomainError('invalid', `Hook "${hook.path}" exited with ${code}: ${words}`);
}

async function launchHook(hook: Hook, name: string) {
  const { supervisor } = await sharedSpawner();
  return await supervisor.launch({
    container: 'hook',
    name,
    cloneFlags: 0,
    cgroup: '',
    folder: '',
    log: '',
    stdio: 'pass',
    input: true,
    terminal: false,
    relay: false,
    join: false,
    plan: encodePlan([operation.execute(hook.args ?? [hook.path], hook.env ?? [], hook.path)]),
    fds: [],
  });
}

function openStreams([stdin = -1, stdout = -1, stderr = -1]: readonly number[], state: string) {
  const input = writingEnd(stdin);
  const output = readingEnd(stdout);
  const errors = readingEnd(stderr);
  input.end(state);
  output.resume();
  const chunks: Buffer[] = [];
  let left: number = limits.hookComplaintBytes;
  errors.on('data', (chunk: Buffer) => {
    chunks.push(chunk.subarray(0, left));
    left -= Math.min(left, chunk.length);
  });
  const complaint = new Promise<string>((resolve) => {
    errors.once('close', () => resolve(Buffer.concat(chunks).toString().trim()));
  });
  const close = () => [input, output, errors].forEach((stream) => stream.destroy());
  return { complaint, close };
}

/** It leads a session, so its group is all that it has started; it is there until it is reaped. */
function killGroup(pid: number): true {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
  return true;
}
