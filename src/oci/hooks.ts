import { messageOf } from '../base/error.ts';
import { checkHook, hookState } from '../container/plan-hooks.ts';
import { runHook } from '../container/run-hooks.ts';
import type { Spec } from '../container/spec.ts';
import type { Call } from './call.ts';
import type { OciRecord } from './record.ts';

const statuses = {
  prestart: 'creating',
  createRuntime: 'creating',
  poststart: 'running',
  poststop: 'stopped',
} as const;

/** Hooks of the runtime. The last two come too late to change anything: they are logged. */
export async function runOciHooks(
  call: Call,
  { record, spec }: { readonly record: OciRecord; readonly spec: Spec },
  kind: keyof typeof statuses,
): Promise<void> {
  for (const hook of spec.hooks?.[kind] ?? []) {
    checkHook(hook);
    const { id, bundle } = record;
    const pid = kind === 'poststop' ? 0 : record.pid;
    try {
      await runHook(hook, hookState({ id, bundle, spec }, statuses[kind], pid));
    } catch (cause) {
      if (kind !== 'poststart' && kind !== 'poststop') throw cause;
      call.warn(messageOf(cause));
    }
  }
}
