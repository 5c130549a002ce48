import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readLog } from '../../base/container-log/read-log.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import { isDomainError } from '../../base/error.ts';
import { ContainerState } from '../../cri/generated/runtime.ts';
import type { KubeletConfiguration } from '../config/kubelet-configuration.ts';
import type { NodePods } from '../pod/node-pods.ts';
import type { ContainerRuntime } from '../runtime/container-runtime.ts';
import { chooseLog } from './choose-log.ts';
import { type LogQuery, readLogQuery } from './log-query.ts';
import { openContainerLog } from './open-log.ts';
import { Refusal } from './refusal.ts';
import { LogText } from './write-log.ts';

export interface LogSource {
  readonly pods: NodePods;
  readonly runtime: ContainerRuntime;
  readonly configuration: Pick<KubeletConfiguration, 'podLogsDir'>;
  readonly clock: Clock;
}

export interface LogPlace {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly query: URLSearchParams;
}

/** How often a log that is followed is asked whether its container still writes. */
const lookMs = 1000;

/** `containerLogs/NAMESPACE/POD/CONTAINER`: what the container has written, and goes on to. */
export async function serveLog(
  source: LogSource,
  place: LogPlace,
  response: ServerResponse,
): Promise<void> {
  const { pods, runtime, configuration, clock } = source;
  const query = readLogQuery(place.query, clock.now());
  const id = idOf(pods, place, query);
  const path = await logPathOf(runtime, id);
  const open = (at: string) => openContainerLog(configuration.podLogsDir, at);
  const file = await open(path);
  await file?.close();
  response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' });
  // Who follows a log that is silent sees that it was found.
  response.flushHeaders();
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const ended = new AbortController();
  if (query.follow) void watchEnd({ runtime, clock, id, gone: gone.signal, ended });
  const stop = AbortSignal.any([gone.signal, ended.signal]);
  const lines = readLog(path, {
    tail: query.tailLines,
    sinceNs: query.sinceNs,
    untilNs: 0n,
    open,
    ...(query.follow && { follow: stop }),
  });
  try {
    await pipeline(Readable.from(textOf(lines, query), { objectMode: true }), response);
  } catch {
    response.destroy();
  } finally {
    gone.abort();
  }
}

function idOf(pods: NodePods, { namespace, pod, container }: LogPlace, query: LogQuery): string {
  const found = pods.find(namespace, pod);
  if (found === undefined) throw new Refusal(404, `pod ${JSON.stringify(pod)} does not exist`);
  const { spec } = found;
  const known = [
    ...spec.containers,
    ...(spec.initContainers ?? []),
    ...(spec.ephemeralContainers ?? []),
  ];
  if (!known.some(({ name }) => name === container)) {
    const [what, where] = [container, pod].map((word) => JSON.stringify(word));
    throw new Refusal(404, `container ${what} not found in pod ${where}`);
  }
  return chooseLog(found, { container, previous: query.previous });
}

async function logPathOf(runtime: ContainerRuntime, id: string): Promise<string> {
  try {
    return (await runtime.containerStatus(id)).log_path;
  } catch (error) {
    if (!isDomainError(error, 'notFound')) throw error;
    throw new Refusal(400, `unable to retrieve container logs for ${id}`);
  }
}

async function* textOf(lines: ReturnType<typeof readLog>, query: LogQuery): AsyncGenerator<Buffer> {
  const text = new LogText(query);
  for await (const batch of lines) {
    const bytes = text.of(batch);
    if (bytes.length > 0) yield bytes;
    if (text.isFull) return;
  }
}

interface Watched {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly id: string;
  readonly gone: AbortSignal;
  readonly ended: AbortController;
}

/** Never rejects; a runtime that does not answer for now says nothing about the container. */
async function watchEnd({ runtime, clock, id, gone, ended }: Watched): Promise<void> {
  while (!gone.aborted) {
    try {
      const { state } = await runtime.containerStatus(id);
      const lives = [ContainerState.CONTAINER_RUNNING, ContainerState.CONTAINER_CREATED];
      if (!lives.some((one) => one === state)) break;
    } catch (error) {
      if (isDomainError(error, 'notFound')) break;
    }
    await sleep(clock, lookMs, gone);
  }
  ended.abort();
}
