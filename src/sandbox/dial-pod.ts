import { connect, Socket } from 'node:net';
import { DomainError, hasCode, messageOf } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import { socketIn, SocketType } from '../kernel/inside.ts';
import { openNamespace } from '../kernel/namespace.ts';
import { familyOf } from '../kernel/socket-address.ts';
import type { PodSandboxStatus } from './sandbox-service.ts';

const loopbacks = ['127.0.0.1', '::1'];

let connecting = 0;

/**
 * Connects to a port of a pod's own loopback, IPv4 first, then IPv6; of the host's where the pod
 * has the host's network. Either half can be closed alone. Throws DomainError `unavailable`.
 */
export async function dialPod(pod: PodSandboxStatus, port: number): Promise<Socket> {
  if (connecting >= limits.forwardDials) {
    throw new DomainError('unavailable', `${connecting} connections are being made already`);
  }
  connecting++;
  try {
    return await dialEither(pod, port);
  } finally {
    connecting--;
  }
}

async function dialEither(pod: PodSandboxStatus, port: number): Promise<Socket> {
  const failures: string[] = [];
  for (const host of loopbacks) {
    try {
      return await dial(pod, host, port);
    } catch (error) {
      const why = hasCode(error, 'ECONNREFUSED') ? 'connection refused' : messageOf(error);
      failures.push(`dial ${host} port ${port}: ${why}`);
    }
  }
  const place = `failed to connect to localhost:${port} in the pod's network`;
  throw new DomainError('unavailable', `${place}: ${failures.join(', ')}`);
}

async function dial(pod: PodSandboxStatus, host: string, port: number): Promise<Socket> {
  const path = pod.namespaces.network;
  if (path === undefined) return dialHost(pod, host, port);
  using network = openNamespace(path, 'net');
  const remote = { host, port };
  const descriptor = await socketIn(network, {
    family: familyOf(remote),
    type: SocketType.stream,
    remote,
    timeoutMs: limits.forwardDialMs,
  });
  return new Socket({ fd: descriptor.release(), allowHalfOpen: true });
}

function dialHost(pod: PodSandboxStatus, host: string, port: number): Promise<Socket> {
  if (pod.request?.network !== 'host') {
    throw new DomainError('unavailable', `Pod "${pod.id}" has no network`);
  }
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true });
    socket.setTimeout(limits.forwardDialMs, () => socket.destroy(new Error('timed out')));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.off('error', reject);
      resolve(socket);
    });
  });
}
