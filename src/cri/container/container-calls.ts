import { DomainError } from '../../base/error.ts';
import { SpanRecorder } from '../../base/span.ts';
import {
  removeContainer,
  startContainer,
  statusOfContainer,
  stopContainer,
} from './container-life.ts';
import { checkContainerName } from './container-name.ts';
import { type ContainerRecord, optionsOf } from './container-record.ts';
import { specOf } from './cri-containers.ts';
import type { Containers, StopRequest } from '../generated/keelson.ts';
import type { Handlers } from '../grpc/grpc-server.ts';
import { makeContainer } from './make-container.ts';
import type { Node } from '../node.ts';
import { planResources } from '../plan/plan-resources.ts';
import { signalName } from '../plan/stop-signal.ts';

const defaultStopSeconds = 10;

/** The calls that change containers. */
export function containerCalls(node: Node): Handlers<typeof Containers> {
  return { ...lifeCalls(node), ...changeCalls(node) };
}

function lifeCalls(node: Node): Handlers<typeof Containers> {
  return {
    Create: async (request, { signal }) => {
      const context = { signal, spans: new SpanRecorder(false) };
      const { record, warnings } = await makeContainer(node, request, context);
      return { id: record.id, name: record.name, warnings };
    },
    Start: async ({ container }) => {
      const record = node.containers.find(container);
      const { state } = statusOfContainer(node, record);
      if (state !== 'running') await startContainer(node, record);
      return shown(record);
    },
    Stop: async (request) => {
      const record = node.containers.find(request.container);
      await stopContainer(node, record, stopOrder(record, request));
      return shown(record);
    },
    Restart: async (request) => {
      const record = node.containers.find(request.container);
      await stopContainer(node, record, stopOrder(record, request));
      await startContainer(node, record);
      return shown(record);
    },
    Kill: async ({ container, signal }) => {
      const record = node.containers.find(container);
      const { state } = statusOfContainer(node, record);
      if (state !== 'running' && state !== 'paused') {
        throw new DomainError('conflict', `Container "${container}" is not running (${state})`);
      }
      await node.engine.signal(record.id, signalName(signal === '' ? 'SIGKILL' : signal));
      return shown(record);
    },
    Wait: async ({ container }, { signal }) => {
      const { id } = node.containers.find(container);
      const { exitCode } = await node.engine.wait(id, signal);
      return { exit_code: exitCode };
    },
  };
}

function changeCalls(node: Node): Handlers<typeof Containers> {
  return {
    Pause: async ({ container }) => {
      const record = node.containers.find(container);
      await node.engine.pause(record.id);
      return shown(record);
    },
    Unpause: async ({ container }) => {
      const record = node.containers.find(container);
      await node.engine.resume(record.id);
      return shown(record);
    },
    Remove: async ({ container, force, volumes }) => {
      const record = node.containers.find(container);
      const { state } = statusOfContainer(node, record);
      if (!force && (state === 'running' || state === 'paused')) {
        throw new DomainError(
          'conflict',
          `Cannot remove container "${container}": it is ${state}; stop it, or use --force`,
        );
      }
      await removeContainer(node, record, { volumes });
      return shown(record);
    },
    Commit: async (request) => {
      const record = node.containers.find(request.container);
      const { state } = statusOfContainer(node, record);
      const pauses = request.pause && state === 'running';
      if (pauses) await node.engine.pause(record.id);
      try {
        const { id } = await node.images.commit(record.id, {
          ...(request.name === '' ? {} : { name: request.name }),
          changes: request.changes,
          comment: request.comment,
          owners: ownersOf(node, record),
        });
        return { id };
      } finally {
        if (pauses) await node.engine.resume(record.id);
      }
    },
    Rename: async ({ container, name }) => {
      const record = node.containers.find(container);
      checkContainerName(name);
      return shown(await node.containers.update(record.id, { name }));
    },
    Update: async (request) => {
      const record = node.containers.find(request.container);
      const resources = planResources(request.resources, request);
      if (Object.keys(resources).length > 0) await node.engine.update(record.id, resources);
      const { restart } = request;
      if (restart !== undefined) {
        const policy = { name: restart.name, maximumRetries: restart.maximum_retries };
        await node.containers.update(record.id, { restart: policy });
      }
      return shown(record);
    },
  };
}

/** In the image files belong to whom they do in the container. */
function ownersOf(node: Node, record: ContainerRecord) {
  const { uidMappings = [], gidMappings = [] } = specOf(node, record)?.linux ?? {};
  return { uid: uidMappings, gid: gidMappings };
}

function shown({ id, name }: ContainerRecord): { id: string; name: string } {
  return { id, name };
}

function stopOrder(
  record: ContainerRecord,
  { timeout_seconds, signal }: StopRequest,
): { timeoutMs: number; signal?: string } {
  const own = optionsOf(record)?.stop_timeout_seconds;
  return {
    timeoutMs: (timeout_seconds ?? own ?? defaultStopSeconds) * 1000,
    ...(signal === '' ? {} : { signal: signalName(signal) }),
  };
}
