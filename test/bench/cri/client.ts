import {
  type Client,
  credentials,
  makeGenericClientConstructor,
  type ServiceError,
} from '@grpc/grpc-js';
import { decode, encode } from '../../../src/grpc/codec.ts';
import { ImageService, RuntimeService } from '../../../src/cri/generated/runtime.ts';
import type { AnyMessage, Draft, Message, Method } from '../../../src/grpc/message.ts';

type Unary<Request, Response> = Method<'unary', Request, Response>;
type Send = (request: Buffer, done: Callback) => void;
type Callback = (error: ServiceError | null, answer: Buffer) => void;

function plain(bytes: Buffer): Buffer {
  return bytes;
}

/** The same client for both runtimes; answers are decoded outside of the time that is taken. */
export class BenchClient {
  readonly #client: Client;

  constructor(socket: string) {
    const methods = { ...RuntimeService, ...ImageService };
    const definition = Object.fromEntries(
      Object.entries(methods).map(([name, { path, kind }]) => [
        name,
        {
          path,
          requestStream: false,
          responseStream: kind !== 'unary',
          requestSerialize: plain,
          requestDeserialize: plain,
          responseSerialize: plain,
          responseDeserialize: plain,
        },
      ]),
    );
    const Constructor = makeGenericClientConstructor(definition, 'cri');
    const options = { 'grpc.max_receive_message_length': -1, 'grpc.enable_channelz': 0 };
    this.#client = new Constructor(`unix:${socket}`, credentials.createInsecure(), options);
  }

  async call<Request extends object, Response>(
    method: Unary<Request, Response>,
    request: Draft<NoInfer<Request>> = {} as Draft<NoInfer<Request>>,
  ): Promise<Response> {
    return decode(method.response, await this.#send(method, request));
  }

  /** Milliseconds until the whole answer is here. */
  async time<Request extends object, Response>(
    method: Unary<Request, Response>,
    request: Draft<NoInfer<Request>> = {} as Draft<NoInfer<Request>>,
  ): Promise<number> {
    const start = performance.now();
    await this.#send(method, request);
    return performance.now() - start;
  }

  #send(method: { path: string; request: AnyMessage }, request: unknown): Promise<Buffer> {
    const name = method.path.split('/').at(-1) ?? '';
    const bytes = encode(method.request as Message<object>, request as object);
    return new Promise((resolve, reject) => {
      const done: Callback = (error, answer) => {
        if (error === null) resolve(answer);
        else reject(error);
      };
      const calls = this.#client as unknown as Record<string, Send>;
      calls[name]?.call(this.#client, bytes, done);
    });
  }

  close(): void {
    this.#client.close();
  }
}
