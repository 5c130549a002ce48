import { connect } from 'node:net';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DomainError } from '../base/error.ts';
import { containerCalls } from './container/container-calls.ts';
import { checkpointHandlers } from './checkpoint/checkpoint-calls.ts';
import { copyCalls } from './container/copy-calls.ts';
import { containerHandlers } from './container/cri-containers.ts';
import { eventHandlers } from './cri-events.ts';
import { execHandlers } from './container/cri-exec.ts';
import { imageHandlers } from './image/cri-images.ts';
import { metricHandlers } from './statistics/cri-metrics.ts';
import { podHandlers } from './pod/cri-pods.ts';
import { statisticsHandlers } from './statistics/cri-statistics.ts';
import { statusHandlers } from './cri-status.ts';
import { Containers, Images, System, Volumes } from './generated/keelson.ts';
import { ImageService, RuntimeService } from './generated/runtime.ts';
import { GrpcServer } from './grpc/grpc-server.ts';
import { imageCalls } from './image/image-calls.ts';
import { lookCalls } from './container/look-calls.ts';
import { callObserver } from './monitor/call-observer.ts';
import type { Tracer } from './monitor/tracer.ts';
import type { Node } from './node.ts';
import { sessionCalls } from './container/session-calls.ts';
import { streamingHandlers } from './streaming/calls.ts';
import { systemCalls } from './system-calls.ts';
import { volumeCalls } from './volume/volume-calls.ts';

export interface Served {
  readonly socketPath: string;
  readonly listenFd?: number | undefined;
  readonly tracer?: Tracer | undefined;
}

/**
 * Answers the CRI and the command line at one socket: that which a service manager listens at and
 * has handed over, else one made here. Throws `conflict` when somebody answers there.
 */
export async function serveNode(
  node: Node,
  { socketPath, listenFd, tracer }: Served,
): Promise<GrpcServer> {
  const server = new GrpcServer(node.log, callObserver(node.metrics, tracer));
  server.add(RuntimeService, {
    ...statusHandlers(node),
    ...podHandlers(node),
    ...containerHandlers(node),
    ...execHandlers(node),
    ...streamingHandlers(node),
    ...statisticsHandlers(node),
    ...metricHandlers(node),
    ...eventHandlers(node),
    ...checkpointHandlers(node),
  });
  server.add(ImageService, imageHandlers(node));
  server.add(Containers, {
    ...containerCalls(node),
    ...lookCalls(node),
    ...sessionCalls(node),
    ...copyCalls(node),
  });
  server.add(Images, imageCalls(node));
  server.add(System, systemCalls(node));
  server.add(Volumes, volumeCalls(node));
  if (listenFd === undefined) await listenAt(server, socketPath);
  else await server.listenOn(listenFd);
  return server;
}

async function listenAt(server: GrpcServer, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  if (await answers(path)) throw new DomainError('conflict', `Another runtime answers at ${path}`);
  await server.listen(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}
