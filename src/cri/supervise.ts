import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerEvent } from '../container/container-engine.ts';
import { removeContainer, startContainer, statusOfContainer } from './container/container-life.ts';
import { type ContainerRecord, optionsOf } from './container/container-record.ts';
import type { Node } from './node.ts';

const firstDelayMs = 100;
const longestDelayMs = 60_000;
/** A run of this length was a good one: the next restart waits no longer than the first. */
const goodRunMs = 10_000;

/** Publishes what happens, restarts by policy, and removes what was to be removed at its end. */
export async function supervise(node: Node, signal: AbortSignal): Promise<void> {
  for await (const event of node.engine.events(signal)) {
    publish(node, event);
    if (event.kind !== 'exited' || !node.containers.has(event.containerId)) continue;
    const record = node.containers.get(event.containerId);
    afterEnd(node, record, signal).catch((error: unknown) => {
      if (!signal.aborted) node.log.error({ err: error, id: record.id }, 'after its end');
    });
  }
}

/** Containers whose policy says so run again when the runtime starts. */
export async function restartAll(node: Node, signal: AbortSignal): Promise<void> {
  for (const record of node.containers.list()) {
    const { state } = statusOfContainer(node, record);
    if (state !== 'exited' || !['always', 'unless-stopped'].includes(record.restart.name)) continue;
    if (record.stopped && record.restart.name === 'unless-stopped') continue;
    if (signal.aborted) return;
    await startContainer(node, record).catch((error: unknown) => {
      node.log.error({ err: error, id: record.id }, 'cannot be started again');
    });
  }
}

const actionOfKind: Readonly<Record<ContainerEvent['kind'], string>> = {
  created: 'create',
  started: 'start',
  exited: 'die',
  removed: 'destroy',
  oom: 'oom',
  paused: 'pause',
  resumed: 'unpause',
};

function publish(node: Node, { kind, containerId, podId, atMs }: ContainerEvent): void {
  const attributes: Record<string, string> = {};
  if (node.containers.has(containerId)) {
    const record = node.containers.get(containerId);
    attributes['name'] = record.name;
    attributes['image'] = record.imageName;
    if (kind === 'exited') {
      attributes['exitCode'] = String(statusOfContainer(node, record).exitCode);
    }
  }
  const action = actionOfKind[kind];
  const pod = node.pods.has(podId) ? node.pods.get(podId) : undefined;
  node.events.publish({ type: 'container', action, id: containerId, atMs, attributes, pod });
}

async function afterEnd(node: Node, record: ContainerRecord, signal: AbortSignal): Promise<void> {
  if (record.owner !== 'cli') return;
  const status = statusOfContainer(node, record);
  if (!record.stopped && wantsRestart(record, status.exitCode)) {
    const ranMs = status.finishedAtMs - status.startedAtMs;
    await restart(node, { record, ranMs, signal });
  } else if (optionsOf(record)?.remove === true && !node.attended.has(record.id)) {
    await removeContainer(node, record, { volumes: true });
  }
}

function wantsRestart({ restart, restartCount }: ContainerRecord, exitCode: number): boolean {
  if (restart.name === 'always' || restart.name === 'unless-stopped') return true;
  if (restart.name !== 'on-failure' || exitCode === 0) return false;
  return restart.maximumRetries === 0 || restartCount < restart.maximumRetries;
}

async function restart(
  node: Node,
  { record, ranMs, signal }: { record: ContainerRecord; ranMs: number; signal: AbortSignal },
): Promise<void> {
  const failures = ranMs > goodRunMs ? 0 : record.restartCount;
  await sleep(Math.min(longestDelayMs, firstDelayMs * 2 ** failures), undefined, { signal });
  if (!node.containers.has(record.id) || node.containers.get(record.id).stopped) return;
  const changed = await node.containers.update(record.id, {
    restartCount: record.restartCount + 1,
  });
  await startContainer(node, changed);
}
