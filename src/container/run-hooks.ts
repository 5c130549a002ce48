import { text } from 'node:stream/consumers';
import { DomainError, messageOf } from '../base/error.ts';
import { encodePlan, operation } from '../kernel/operation.ts';
import { sharedSpawner } from '../kernel/spawner.ts';
import { readingEnd, writingEnd } from '../kernel/streams.ts';
import type { Container } from './container.ts';
import type { EngineContext } from './engine-context.ts';
import { checkHook, hookState } from './plan-hooks.ts';
import type { Hook } from './spec.ts';

type HostHook = 'prestart' | 'createRuntime' | 'poststart' | 'poststop';

const statuses: Readonly<Record<HostHook, string>> = {
  prestart: 'creating',
  createRuntime: 'creating',
  poststart: 'running',
  poststop: 'stopped',
};

/** Hooks that run on the host, one after the other, with the state document on stdin. */
export async function runHooks(
  context: EngineContext,
  container: Container,
  kind: HostHook,
): Promise<void> {
  const { spec, id } = container.request;
  for (const hook of spec.hooks?.[kind] ?? []) {
    checkHook(hook);
    const bundle = context.store.folderOf(id);
    const state = hookState({ id, bundle, spec }, statuses[kind], container.record.pid);
    try {
      await runHook(hook, state);
    } catch (cause) {
      // These two come too late to change anything; the specification has them logged.
      if (kind === 'poststart' || kind === 'poststop') context.warn(messageOf(cause));
      else throw cause;
    }
  }
}

let count = 0;

async function runHook(hook: Hook, state: string): Promise<void> {
  const { supervisor, ...spawner } = await sharedSpawner().then((shared) => ({
    supervisor: shared.supervisor,
    exitOf: (name: string) => shared.exitOf(name),
    forgetExit: (name: string) => shared.forgetExit(name),
  }));
  const name = `hook-${++count}`;
  const exit = spawner.exitOf(name);
  const plan = encodePlan([operation.execute(hook.args ?? [hook.path], hook.env ?? [], hook.path)]);
  const launch = { container: 'hook', name, cloneFlags: 0, cgroup: '', folder: '', log: '' };
  const flags = { stdio: 'pass', input: true, terminal: false, relay: false, join: false } as const;
  const { fds } = await supervisor
    .launch({ ...launch, ...flags, plan, fds: [] })
    .catch((error: unknown) => {
      spawner.forgetExit(name);
      throw error;
    });
  const [stdin = -1, stdout = -1, stderr = -1] = fds;
  writingEnd(stdin).end(state);
  readingEnd(stdout).resume();
  const complaint = text(readingEnd(stderr));
  const timeout = hook.timeout === undefined ? undefined : hook.timeout * 1000;
  const timer = setTimeout(() => void supervisor.signal('hook', name, 9).catch(() => 0), timeout);
  if (timeout === undefined) clearTimeout(timer);
  const started = Date.now();
  const code = (await exit)?.exitCode ?? 255;
  clearTimeout(timer);
  if (timeout !== undefined && Date.now() - started >= timeout) {
    throw new DomainError('timeout', `Hook "${hook.path}" took more than ${timeout} ms`);
  }
  if (code === 0) return;
  const words = (await complaint).trim().slice(0, 500);
  throw new DomainError('invalid', `Hook "${hook.path}" exited with ${code}: ${words}`);
}
