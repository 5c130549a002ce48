import { setTimeout as sleep } from 'node:timers/promises';
import { statusOfContainer } from './container-life.ts';
import type { ContainerRecord } from './container-record.ts';
import { addSizes, summaryOf } from './container-summary.ts';
import { specOf } from './cri-containers.ts';
import type { Containers, LogEntry, LogsRequest } from '../generated/keelson.ts';
import type { Handlers } from '../grpc/grpc-server.ts';
import { inspectContainer } from './inspect-container.ts';
import type { LogLine } from '../../base/container-log/log-line.ts';
import type { Draft } from '../../grpc/message.ts';
import type { Node } from '../node.ts';
import { processTable } from './process-table.ts';
import { readLog } from '../../base/container-log/read-log.ts';
import { sampleOf } from '../statistics/sample.ts';
import { DomainError } from '../../base/error.ts';

/** How often statistics are sent to who follows them. */
const statisticsIntervalMs = 1000;

/** The calls that look at containers and change nothing. */
export function lookCalls(node: Node): Handlers<typeof Containers> {
  return {
    List: async ({ all, sizes }) => {
      const summaries = node.containers
        .list()
        .map((record) => summaryOf(node, record))
        .filter(({ state }) => all || state === 'running' || state === 'paused');
      return {
        containers: sizes
          ? await Promise.all(summaries.map((summary) => addSizes(node, summary)))
          : summaries,
      };
    },
    Inspect: async ({ container, size }) => {
      const document = await inspectContainer(node, node.containers.find(container), size);
      return { json: Buffer.from(JSON.stringify(document)) };
    },
    Top: async ({ container, columns }) => {
      const record = node.containers.find(container);
      refuseUnlessRunning(node, record);
      return processTable(await node.engine.processes(record.id), columns);
    },
    Diff: async ({ container }) => {
      const record = node.containers.find(container);
      const hidden = (specOf(node, record)?.mounts ?? []).map(({ destination }) => destination);
      return { changes: withoutMounts(await node.images.diff(record.id), hidden) };
    },
    Stats: async function* ({ containers, once }, { signal }) {
      for (;;) {
        const records = chosen(node, containers);
        yield { samples: await Promise.all(records.map((record) => sampleOf(node, record))) };
        if (once) return;
        await sleep(statisticsIntervalMs, undefined, { signal });
      }
    },
    Logs: async function* (request, { signal }) {
      const record = node.containers.find(request.container);
      for await (const lines of readLog(
        record.logPath,
        logRequest(node, { record, request, signal }),
      )) {
        yield { entries: lines.map(entryOf) };
      }
    },
  };
}

/** The empty files and folders that mounts lie on are the runtime's doing, not the container's. */
function withoutMounts(
  changes: readonly { path: string; kind: 'A' | 'C' | 'D' }[],
  mountPoints: readonly string[],
): readonly { path: string; kind: string }[] {
  const own = changes.filter(({ path }) => !mountPoints.includes(path));
  const parents = new Set(mountPoints.map((path) => path.slice(0, path.lastIndexOf('/'))));
  return own.filter(
    ({ path, kind }) =>
      kind !== 'C' || !parents.has(path) || own.some((item) => item.path.startsWith(`${path}/`)),
  );
}

function refuseUnlessRunning(node: Node, record: ContainerRecord): void {
  const { state } = statusOfContainer(node, record);
  if (state === 'running' || state === 'paused') return;
  throw new DomainError('conflict', `Container "${record.name}" is not running (${state})`);
}

function chosen(node: Node, names: readonly string[]): ContainerRecord[] {
  if (names.length > 0) return names.map((name) => node.containers.find(name));
  return node.containers
    .list()
    .filter((record) => ['running', 'paused'].includes(statusOfContainer(node, record).state));
}

function logRequest(
  node: Node,
  parts: { record: ContainerRecord; request: LogsRequest; signal: AbortSignal },
): Parameters<typeof readLog>[1] {
  const { record, request, signal } = parts;
  return {
    tail: request.tail,
    sinceNs: BigInt(request.since),
    untilNs: BigInt(request.until),
    ...(request.follow ? { follow: endOf(node, record, signal) } : {}),
  };
}

/**
 * Aborts when the container has ended, for good as far as its restart policy goes, or is removed.
 */
function endOf(node: Node, record: ContainerRecord, signal: AbortSignal): AbortSignal {
  const end = new AbortController();
  const watch = async (): Promise<void> => {
    while (!signal.aborted && node.containers.has(record.id)) {
      await node.engine.wait(record.id, signal);
      const { restart, stopped } = node.containers.get(record.id);
      if (restart.name === 'no' || stopped) return;
      await sleep(500, undefined, { signal });
      if (statusOfContainer(node, record).state === 'exited') return;
    }
  };
  watch().then(
    () => end.abort(),
    () => end.abort(),
  );
  return AbortSignal.any([signal, end.signal]);
}

function entryOf({ time, error, whole, text }: LogLine): Draft<LogEntry> {
  return { time, error, text: whole ? Buffer.concat([text, Buffer.from('\n')]) : text };
}
