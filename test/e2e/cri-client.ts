/**
 * A CRI client that shares no code with ours: the usual libraries on the .proto file. Answers are
 * plain objects with enumerations as words and 64-bit numbers as numbers.
 */
import { fileURLToPath } from 'node:url';
import {
  type Client,
  credentials,
  type GrpcObject,
  type Metadata,
  loadPackageDefinition,
  type ServiceClientConstructor,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const proto = fileURLToPath(new URL('../../src/cri/runtime.proto', import.meta.url));
const options = { keepCase: true, longs: Number, enums: String, defaults: true };
const services = (loadPackageDefinition(loadSync(proto, options))['runtime'] as GrpcObject)[
  'v1'
] as Record<string, ServiceClientConstructor>;

// Answers have as many forms as there are calls; each test says what it expects of its own.
export type Answer = ReturnType<typeof JSON.parse>;

type Send = (request: object, done: (error: ServiceError | null, answer: Answer) => void) => void;

type SendWithin = (
  request: object,
  how: { deadline: number },
  done: (error: ServiceError | null, answer: Answer) => void,
) => void;

type SendTraced = (request: object, metadata: Metadata, done: Parameters<Send>[1]) => void;

export class CriClient implements Disposable {
  readonly #clients: readonly Client[];

  constructor(socket: string) {
    this.#clients = ['RuntimeService', 'ImageService'].map((name) => {
      const Service = services[name];
      if (Service === undefined) throw new Error(name);
      const limit = { 'grpc.max_receive_message_length': -1 };
      return new Service(`unix:${socket}`, credentials.createInsecure(), limit);
    });
  }

  /** One request, one answer. Throws the ServiceError. */
  call(method: string, request: object = {}): Promise<Answer> {
    const client = this.#clientOf(method);
    return new Promise((resolve, reject) => {
      const send = (client as unknown as Record<string, Send>)[method];
      send?.call(client, request, (error, answer) => {
        if (error === null) resolve(answer);
        else reject(error);
      });
    });
  }

  /** The same, given up after a time, as a kubelet does it: the ServiceError has code 4 then. */
  within(limitMs: number, method: string, request: object = {}): Promise<Answer> {
    const client = this.#clientOf(method);
    return new Promise((resolve, reject) => {
      const send = (client as unknown as Record<string, SendWithin>)[method];
      const how = { deadline: Date.now() + limitMs };
      send?.call(client, request, how, (error, answer) => {
        if (error === null) resolve(answer);
        else reject(error);
      });
    });
  }

  /** One request with metadata, one answer. */
  traced(method: string, request: object, metadata: Metadata): Promise<Answer> {
    const client = this.#clientOf(method);
    return new Promise((resolve, reject) => {
      const send = (client as unknown as Record<string, SendTraced>)[method];
      send?.call(client, request, metadata, (error, answer) => {
        if (error === null) resolve(answer);
        else reject(error);
      });
    });
  }

  /** One request, a stream of answers, which the caller cancels or reads to its end. */
  stream(method: string, request: object = {}): NodeJS.ReadableStream & { cancel(): void } {
    const client = this.#clientOf(method);
    const calls = client as unknown as Record<string, (request: object) => never>;
    const open = calls[method];
    if (open === undefined) throw new Error(method);
    return open.call(client, request);
  }

  /** What a command in a container printed, on both streams. */
  async output(id: string, ...cmd: string[]): Promise<string> {
    const answer = await this.call('ExecSync', { container_id: id, cmd, timeout: 10 });
    return `${answer.stdout}${answer.stderr}`;
  }

  async statusOf(id: string): Promise<Answer> {
    return (await this.call('ContainerStatus', { container_id: id })).status;
  }

  async remove(id: string): Promise<void> {
    await this.call('RemoveContainer', { container_id: id });
  }

  async pod(config: object): Promise<string> {
    return (await this.call('RunPodSandbox', { config })).pod_sandbox_id;
  }

  /** Made, and with `start` running. */
  async container(pod: { id: string; config: object }, config: object): Promise<string> {
    const request = { pod_sandbox_id: pod.id, config, sandbox_config: pod.config };
    return (await this.call('CreateContainer', request)).container_id;
  }

  async run(pod: { id: string; config: object }, config: object): Promise<string> {
    const id = await this.container(pod, config);
    await this.call('StartContainer', { container_id: id });
    return id;
  }

  #clientOf(method: string): Client {
    const client = this.#clients.find((item) => method in item);
    if (client === undefined) throw new Error(`No method ${method}`);
    return client;
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients) client.close();
  }
}

let count = 0;

/** A container's configuration under a name of its own. */
export function sleeper(more: object, command: readonly string[] = ['sleep', '1000']): object {
  count += 1;
  return { metadata: { name: `c${count}` }, image: { image: 'busybox' }, command, ...more };
}
