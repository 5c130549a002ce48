import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from '../../../src/store/store.ts';
import { checkHistory } from './check-history.ts';
import type { HostedStore } from './hosted-store.ts';
import type { Random } from './random.ts';
import type { History, WriteRecord } from './record.ts';
import { Spectator } from './spectator.ts';
import { seen, Workload } from './workload.ts';

/** Something bad that is over when it resolves. */
export interface Fault {
  readonly name: string;
  happen(): Promise<void>;
}

export interface RunPlan {
  readonly store: HostedStore;
  readonly random: Random;
  readonly faults: readonly [Fault, ...Fault[]];
  readonly seconds: number;
}

export interface RunResult {
  readonly faults: readonly string[];
  readonly summary: string;
}

const clients = 8;
/** History that reads of the past and slow watches may still want. */
const keptRevisions = 20_000;

/** Clients and watches for some seconds, a fault every other second, then the check. */
export async function runHistory({ store, random, faults, seconds }: RunPlan): Promise<RunResult> {
  const history: History = { writes: [], reads: [], watches: [] };
  await untilOpen(store);
  const start = Number(await store.call({ kind: 'current' }));
  const scribe = new Spectator(store, history, { prefix: '/', after: start, delayMs: 0 });
  const spectators = [scribe, ...audience(store, history, { random, start })];
  const watching = Promise.all(spectators.map((one) => one.run()));
  const workload = new Workload(store, random, history);
  const working = Promise.all(Array.from({ length: clients }, () => workload.client()));
  const happened = await disturb({ store, random, faults, seconds });
  workload.stop();
  await working;
  await untilOpen(store);
  const current = Number(await store.call({ kind: 'current' }));
  const last = await readAll(store, history);
  await untilTold(scribe, history, current);
  await sleep(500);
  for (const one of spectators) one.stop();
  await watching;
  const found = checkHistory(history, scribe.changes);
  return { faults: [...found, ...last], summary: summarize(history, happened, spectators) };
}

function audience(
  store: HostedStore,
  history: History,
  { random, start }: { random: Random; start: number },
): Spectator[] {
  return Array.from({ length: 6 }, (_, index) => {
    const prefix = index < 4 ? `/registry/pods/ns${index}/` : '/registry/';
    const delayMs = index % 2 === 0 ? 0 : random.below(300);
    return new Spectator(store, history, { prefix, after: start, delayMs });
  });
}

async function disturb(plan: RunPlan): Promise<string[]> {
  const { store, random, faults, seconds } = plan;
  const happened: string[] = [];
  const endMs = performance.now() + seconds * 1_000;
  // Each fault once, in the order of the seed, and then whatever it says.
  const due = [...faults].toSorted(() => random.below(2) - 0.5);
  while (performance.now() < endMs || due.length > 0) {
    await sleep(500 + random.below(1_500));
    const fault = due.pop() ?? random.one(faults);
    happened.push(fault.name);
    await fault.happen();
    await compactNow(store);
  }
  await sleep(1_000);
  return happened;
}

async function compactNow(store: HostedStore): Promise<void> {
  try {
    const current = Number(await store.call({ kind: 'current' }));
    if (current <= keptRevisions) return;
    await store.call({ kind: 'compact', expected: current - keptRevisions });
  } catch {
    // The store is down at the moment: another time.
  }
}

async function untilOpen(store: HostedStore): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    try {
      await store.call({ kind: 'current' });
      return;
    } catch {
      await sleep(100);
    }
  }
  throw new Error('the store did not come back in 30 seconds');
}

/** The state at the end, as one more read to check. */
async function readAll(store: HostedStore, history: History): Promise<string[]> {
  const startMs = performance.now();
  const request = { kind: 'list' as const, key: '/registry/', limit: 10_000 };
  const { revision, entries, more } = (await store.call(request)) as Page;
  const read = { prefix: '/registry/', startMs, revision, isPast: false };
  history.reads.push({ ...read, entries: entries.map(seen) });
  return more ? ['the last list was cut short'] : [];
}

/** The scribe has everything when it says so, or when it has had time enough to. */
async function untilTold(scribe: Spectator, history: History, revision: number): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const mine = history.watches.filter(({ prefix }) => prefix === '/').at(-1);
    const step = mine?.steps.at(-1);
    if (step !== undefined && 'progress' in step && step.progress >= revision) return;
    await sleep(100);
  }
  throw new Error(`the scribe stopped at ${scribe.after} and never came to ${revision}`);
}

function summarize(
  { writes, reads, watches }: History,
  happened: readonly string[],
  spectators: readonly Spectator[],
): string {
  const count = (result: string): number => writes.filter((one) => one.result === result).length;
  const results = ['done', 'refused', 'failed', 'unknown'].map((one) => `${count(one)} ${one}`);
  const told = spectators.reduce((sum, { changes }) => sum + changes.length, 0);
  return [
    `${writes.length} writes (${results.join(', ')}), ${reads.length} reads`,
    `${watches.length} watches told of ${told} changes`,
    `faults: ${happened.join(', ')}`,
    `reasons: ${[...reasonsOf(writes)].map(([why, times]) => `${times} × ${why}`).join(', ')}`,
  ].join('; ');
}

/** How the store explained itself to writers, and how often. */
function reasonsOf(writes: readonly WriteRecord[]): Map<string, number> {
  const reasons = new Map<string, number>();
  for (const { result, reason = '' } of writes) {
    if (result !== 'failed' && result !== 'unknown') continue;
    const words = reason.replaceAll(/"[^"]*"/g, '…');
    reasons.set(words, (reasons.get(words) ?? 0) + 1);
  }
  return reasons;
}
