import { GrpcClient } from '../../../src/grpc/grpc-client.ts';
import type { Draft, Message, Method } from '../../../src/grpc/message.ts';

type Unary<Request, Response> = Method<'unary', Request, Response>;

/** Without fields: the answer is received whole and read over, and nothing is made of it. */
const unread: Message<object> = { name: 'unread', fields: () => [] };

/**
 * The same client for both runtimes, on Node's own HTTP/2: grpc-js takes half a millisecond more
 * for a call, which would be measured with both.
 */
export class BenchClient {
  readonly #client: GrpcClient;

  constructor(socket: string) {
    this.#client = new GrpcClient(socket);
  }

  call<Request extends object, Response>(
    method: Unary<Request, Response>,
    request: Draft<NoInfer<Request>> = {} as Draft<NoInfer<Request>>,
  ): Promise<Response> {
    return this.#client.call(method, request);
  }

  /** Milliseconds until the whole answer is here. */
  async time<Request extends object, Response>(
    method: Unary<Request, Response>,
    request: Draft<NoInfer<Request>> = {} as Draft<NoInfer<Request>>,
  ): Promise<number> {
    const start = performance.now();
    await this.#client.call({ ...method, response: unread }, request);
    return performance.now() - start;
  }

  close(): void {
    this.#client.close();
  }
}
