import { messageOf } from '../base/error.ts';
import { checkHook, hookState } from '../container/plan/plan-hooks.ts';
import { runHook } from '../container/run-hooks.ts';
import type { Spec } from '../container/spec.ts';
import type { Call } from './call.ts';
import { signalAll } from './kill.ts';
import { untilGone } from './process.ts';
import type { OciRecord } from './record.ts';

const statuses = {
  prestart: 'creating',
  createRuntime: 'creating',
  poststart: 'running',
  poststop: 'stopped',
} as const;

interface Subject {
  readonly record: OciRecord;
  readonly spec: Spec;
}

/** When one fails, the container is stopped, `cleanup` is done, and the failure is thrown. */
export async function runPoststart(
  call: Call,
  subject: Subject,
  cleanup = () => Promise.resolve(),
): Promise<void> {
  try {
    await runOciHooks(call, subject, 'poststart');
  } catch (cause) {
    await signalAll(call, subject.record, 9);
    await untilGone(subject.record);
    await cleanup();
    throw cause;
  }
}

/** Hooks of the runtime. Those of `poststop` come too late to change anything: they are logged. */
export async function runOciHooks(
  call: Call,
  { record, spec }: Subject,
  kind: keyof typeof statuses,
): Promise<void> {
  for (const hook of spec.hooks?.[kind] ?? []) {
    checkHook(hook);
    const { id, bundle } = record;
    const pid = kind === 'poststop' ? 0 : record.pid;
    try {
      await runHook(hook, hookState({ id, bundle, spec }, statuses[kind], pid));
    } catch (cause) {
      if (kind !== 'poststop') throw cause;
      call.warn(messageOf(cause));
    }
  }
}
