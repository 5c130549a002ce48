import type { Stored } from '../../api/client/client.ts';
import type { Pod } from '../../api/types/generated/core-v1.ts';
import { isDomainError, messageOf } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import type { NodePods } from '../pod/node-pods.ts';
import type { ContainerRuntime } from '../runtime/container-runtime.ts';
import { Refusal } from './refusal.ts';

export interface StreamSource {
  readonly pods: NodePods;
  readonly runtime: ContainerRuntime;
}

export interface StreamPlace {
  readonly verb: 'exec' | 'attach' | 'portForward';
  readonly namespace: string;
  readonly pod: string;
  /** Given where the pod of now is not good enough. */
  readonly uid: string;
  readonly container: string;
  readonly query: URLSearchParams;
}

/** Where the runtime offers the stream. Refuses in the words that clients show. */
export async function streamUrl(source: StreamSource, place: StreamPlace): Promise<string> {
  try {
    return await urlOf(source, place);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const isAbsent = isDomainError(error, 'notFound');
    throw new Refusal(isAbsent ? 404 : 500, messageOf(error));
  }
}

async function urlOf({ pods, runtime }: StreamSource, place: StreamPlace): Promise<string> {
  const pod = podOf(pods, place);
  const { verb, query } = place;
  if (verb === 'portForward') {
    const sandbox = pods.sandboxId(pod.metadata.uid);
    if (sandbox === undefined) throw new Refusal(404, 'not able to find pod sandbox');
    return await runtime.portForward({ pod_sandbox_id: sandbox, port: portsIn(query) });
  }
  const { metadata } = pod;
  const id = pods.containerId(metadata.uid, place.container);
  if (id === undefined) throw noContainer(place);
  const tty = isSet(query, 'tty');
  const streams = {
    tty,
    stdin: isSet(query, 'input'),
    stdout: isSet(query, 'output'),
    // A terminal has one output.
    stderr: isSet(query, 'error') && !tty,
  };
  if (!streams.stdin && !streams.stdout && !streams.stderr) {
    throw new Refusal(400, 'you must specify at least 1 of stdin, stdout, stderr');
  }
  try {
    if (verb === 'attach') return await runtime.attach({ container_id: id, ...streams });
    return await runtime.exec({ container_id: id, cmd: query.getAll('command'), ...streams });
  } catch (error) {
    // It has ended, or is gone: its id says nothing to whoever asked by its name.
    if (isDomainError(error, 'notFound') || isDomainError(error, 'conflict'))
      throw noContainer(place);
    throw error;
  }
}

/** In the stock kubelet's words and with its code, which clients show. */
function noContainer({ verb, namespace, pod, container }: StreamPlace): Refusal {
  const words =
    verb === 'attach'
      ? `container ${container} not found in pod ${pod}_${namespace}`
      : `container not found (${JSON.stringify(container)})`;
  return new Refusal(500, words);
}

export function podOf(
  pods: NodePods,
  { namespace, pod, uid }: Pick<StreamPlace, 'namespace' | 'pod' | 'uid'>,
): Stored<Pod> {
  const found = pods.find(namespace, pod);
  if (found !== undefined && (uid === '' || found.metadata.uid === uid)) return found;
  throw new Refusal(404, 'pod does not exist');
}

function portsIn(query: URLSearchParams): number[] {
  const words = query.getAll('port').concat(query.getAll('ports'));
  const ports = words.flatMap((word) => word.split(',')).map(Number);
  if (ports.length > limits.forwardPorts) throw new Refusal(400, 'too many ports');
  for (const port of ports) {
    if (!Number.isInteger(port) || port < 1 || port > 65_535) {
      throw new Refusal(400, `Invalid value: ${JSON.stringify(words.join())}: not a port`);
    }
  }
  return ports;
}

function isSet(query: URLSearchParams, name: string): boolean {
  const word = query.get(name);
  return word === '1' || word === 'true';
}
