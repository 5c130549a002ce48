import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cgroup } from '../../../src/cgroup/cgroup.ts';
import type { CgroupEvent } from '../../../src/cgroup/events.ts';
import { openHierarchy } from '../../../src/cgroup/hierarchy.ts';

/** What the tests inside the lab machine share. */
export const hierarchy = openHierarchy();

interface Test {
  teardown(work: () => void | Promise<void>): void;
}

/** A cgroup of the test's own, removed with its processes after it. */
export function makeCgroup(t: Test, name: string): Cgroup {
  const cgroup = hierarchy.create(`/lab/${name}`);
  t.teardown(async () => {
    await cgroup.remove();
    cgroup[Symbol.dispose]();
  });
  return cgroup;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly milliseconds: number;
}

/** Runs a shell command that enters the cgroup before it does anything. */
export function start(cgroup: Cgroup, command: string): ChildProcess & { ended: Promise<Ended> } {
  const script = `echo $$ > ${cgroup.folderPath}/cgroup.procs || exit 99; ${command}`;
  const begin = performance.now();
  const child = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  let stdout = '';
  child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString()));
  const { promise, resolve } = Promise.withResolvers<Ended>();
  child.once('close', (code, signal) => {
    resolve({ code, signal, stdout, milliseconds: performance.now() - begin });
  });
  return Object.assign(child, { ended: promise });
}

/** Part of one CPU, in percent, that the cgroup uses while the time passes. */
export async function measureCpu(cgroup: Cgroup, milliseconds: number): Promise<number> {
  const used = (): number => cgroup.statistics().cpu.usageMicroseconds;
  const [begin, usedBefore] = [performance.now(), used()];
  await delay(milliseconds);
  return (used() - usedBefore) / 10 / (performance.now() - begin);
}

/** The first events up to one of the kind, or all within the time. */
export async function eventsUntil(
  events: AsyncIterable<CgroupEvent>,
  kind: CgroupEvent['kind'],
): Promise<string[]> {
  const kinds: string[] = [];
  for await (const event of events) {
    kinds.push(event.kind);
    if (event.kind === kind) break;
  }
  return kinds;
}
