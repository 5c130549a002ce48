import type { ApiClient, Stored } from '../../api/client/client.ts';
import { isRefused } from '../../api/client/refusal.ts';
import { resources } from '../../api/client/resources.ts';
import { equal, type Json, type JsonObject } from '../../api/json.ts';
import type { Pod, PodCondition, PodStatus } from '../../api/types/generated/core-v1.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import { messageOf } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';
import { Wakeup } from '../../base/wakeup.ts';

export interface StatusWriterOptions {
  /** Absent where the kubelet stands alone. */
  readonly client: ApiClient | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** The object that the server has for a pod: its mirror for a static one. */
  readonly present: (pod: Pod) => Stored<Pod> | undefined;
}

/** A pod that is about to run is told of once, with what came of it, if that comes so soon. */
const gatherMs = 200;
const firstRetryMs = 500;
const longestRetryMs = 10_000;

interface Line {
  pod: Pod;
  status: PodStatus;
  /** What the server was last told. */
  written: PodStatus | undefined;
  dirty: boolean;
  urgent: boolean;
  readonly wakeup: Wakeup;
  readonly stop: AbortController;
  waiters: (() => void)[];
}

/**
 * Tells the server how pods are: the newest status of each, until the server has it, or this is
 * disposed of.
 */
export class StatusWriter implements Disposable {
  readonly #options: StatusWriterOptions;
  readonly #lines = new Map<string, Line>();
  #disposed = false;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
  }

  /** `urgent` for what somebody waits for; the rest may be gathered for a moment. */
  write(pod: Pod, status: PodStatus, urgent: boolean): void {
    const uid = pod.metadata.uid ?? '';
    const line = this.#lines.get(uid) ?? this.#open(uid, pod, status);
    line.pod = pod;
    line.status = status;
    line.dirty = !isTold(status, line.written);
    line.urgent ||= urgent;
    if (!line.dirty) settle(line);
    else line.wakeup.wake();
  }

  /** What was last written, or is about to be. */
  last(uid: string): PodStatus | undefined {
    return this.#lines.get(uid)?.status;
  }

  /** Resolves when the server has the newest, or the signal is aborted. */
  async flushed(uid: string, signal: AbortSignal): Promise<void> {
    const line = this.#lines.get(uid);
    if (line === undefined || !line.dirty || signal.aborted) return;
    if (this.#options.client === undefined) return;
    line.urgent = true;
    line.wakeup.wake();
    const { promise, resolve } = Promise.withResolvers<void>();
    line.waiters.push(resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
  }

  /** The server has changed it: a mirror that was made anew knows nothing. */
  forgotten(uid: string): void {
    const line = this.#lines.get(uid);
    if (line === undefined) return;
    line.written = undefined;
    line.dirty = true;
    line.wakeup.wake();
  }

  close(uid: string): void {
    const line = this.#lines.get(uid);
    if (line === undefined) return;
    this.#lines.delete(uid);
    line.stop.abort();
    line.wakeup.wake();
    settle(line);
  }

  /** Who is told nothing any more must not be tried for ever: that keeps the process alive. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    for (const uid of this.#lines.keys()) this.close(uid);
  }

  #open(uid: string, pod: Pod, status: PodStatus): Line {
    const line: Line = {
      pod,
      status,
      written: pod.status,
      dirty: false,
      urgent: false,
      wakeup: new Wakeup(),
      stop: new AbortController(),
      waiters: [],
    };
    this.#lines.set(uid, line);
    if (this.#options.client !== undefined && !this.#disposed) void this.#keepTelling(line);
    return line;
  }

  /** Never rejects. */
  async #keepTelling(line: Line): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = line.stop;
    let failures = 0;
    while (!signal.aborted) {
      await line.wakeup.wait();
      const untilMs = performance.now() + gatherMs;
      while (!line.urgent && !signal.aborted) {
        const leftMs = untilMs - performance.now();
        if (leftMs <= 0) break;
        await line.wakeup.wait(leftMs);
      }
      if (signal.aborted || !line.dirty) continue;
      line.urgent = false;
      try {
        await this.#tell(line);
        failures = 0;
      } catch (error) {
        if (failures === 0) log.warn(`status of ${line.pod.metadata.name}: ${messageOf(error)}`);
        failures += 1;
        await sleep(clock, Math.min(firstRetryMs * 2 ** failures, longestRetryMs), signal);
        line.wakeup.wake();
      }
    }
  }

  async #tell(line: Line): Promise<void> {
    const { client, present } = this.#options;
    const { status } = line;
    const about = present(line.pod);
    if (about === undefined || client === undefined) return;
    const { namespace = '', name, uid } = about.metadata;
    const document = { metadata: { uid }, status: patchOf(status, about.status) } as JsonObject;
    try {
      await client.patch(
        resources.pods,
        { namespace, name },
        {
          type: 'strategic',
          document,
          subresource: 'status',
        },
      );
    } catch (error) {
      // Gone, or another one of that name: nobody asks for this one's status.
      if (!isRefused(error, 'NotFound', 'Conflict', 'Invalid')) throw error;
      if (isRefused(error, 'Invalid')) this.#options.log.warn(messageOf(error));
    }
    line.written = status;
    line.dirty = !isTold(line.status, status);
    if (line.dirty) line.wakeup.wake();
    else settle(line);
  }
}

function settle(line: Line): void {
  const { waiters } = line;
  line.waiters = [];
  for (const resolve of waiters) resolve();
}

/** Whether the server has it: conditions of others and fields that nobody takes back stay. */
export function isTold(status: PodStatus, before: PodStatus | undefined): boolean {
  return Object.entries(status).every(([name, value]) => {
    const known = (before as JsonObject | undefined)?.[name];
    if (name !== 'conditions') return equal(plain(value), plain(known));
    const conditions = (known ?? []) as unknown as readonly PodCondition[];
    return (status.conditions ?? []).every((condition) => {
      const found = conditions.find(({ type }) => type === condition.type);
      return equal(plain(condition), plain(found));
    });
  });
}

/** Addresses are merged by their values: of a new sandbox the old ones have to go. */
function patchOf(status: PodStatus, before: PodStatus | undefined): JsonObject {
  const patch: Record<string, Json> = { ...(plain(status) as JsonObject) } as Record<string, Json>;
  for (const name of ['podIPs', 'hostIPs'] as const) {
    const now = status[name];
    const known = before?.[name] ?? [];
    if (now === undefined || equal(plain(now), plain(known)) || known.length === 0) continue;
    patch[name] = [{ $patch: 'replace' }, ...(plain(now) as Json[])];
  }
  patch['conditions'] = (status.conditions ?? []).map((condition) => {
    const known = before?.conditions?.find(({ type }) => type === condition.type);
    return {
      // What a merge leaves out, it keeps.
      ...(known?.reason !== undefined && { reason: null }),
      ...(known?.message !== undefined && { message: null }),
      ...(plain(condition) as JsonObject),
    };
  });
  if (status.reason === undefined && before?.reason !== undefined) patch['reason'] = null;
  if (status.message === undefined && before?.message !== undefined) patch['message'] = null;
  return patch;
}

/** Without what is undefined, as it is sent. */
function plain(value: unknown): Json {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as Json);
}
