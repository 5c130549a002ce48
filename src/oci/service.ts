import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../base/log.ts';
import { isDomainError, messageOf } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import { asRequest } from '../base/request.ts';
import { MessageListener } from '../kernel/message-listener.ts';
import type { OciContext } from './call.ts';
import { OciClient } from './client.ts';
import { perform } from './perform.ts';
import { ownIdentity } from './request.ts';

/**
 * Plans for clients of `keelson-oci`, at FOLDER/oci.sock: what a planner of their own would do,
 * with everything loaded. Nothing is kept between commands: each may find another planner.
 */
export class OciService {
  readonly #listener: MessageListener;
  readonly #clients = new Set<OciClient>();
  readonly #context: OciContext;
  readonly #log: Pick<Logger, 'warn'>;
  readonly #identity = ownIdentity();

  constructor(folder: string, context: OciContext, log: Pick<Logger, 'warn'>) {
    this.#context = context;
    this.#log = log;
    this.#listener = new MessageListener(folder, 'oci.sock', (fd) => this.#accept(fd));
  }

  /** Answers nobody new; commands under way are done, or left to their clients after a while. */
  async close(): Promise<void> {
    this.#listener.close();
    const patience = new AbortController();
    const late = delay(limits.ociCloseMs, undefined, { signal: patience.signal });
    await Promise.race([late, Promise.all([...this.#clients].map((client) => client.ended))]);
    patience.abort();
    late.catch(() => undefined);
    for (const client of this.#clients) client.close();
  }

  #accept(fd: number): void {
    const client = new OciClient(fd, (peer) => this.#welcome(peer));
    this.#clients.add(client);
    this.#serve(client).then(
      () => undefined,
      (error: unknown) => {
        // Who came to look whether somebody listens has gone without a word.
        if (!isDomainError(error, 'unavailable')) this.#log.warn(messageOf(error));
        client.close();
      },
    );
    void client.ended.then(() => this.#clients.delete(client));
  }

  /** The socket is root's alone; this holds even where somebody loosened its mode. */
  #welcome(peer: { readonly uid: number }): boolean {
    return peer.uid === process.geteuid?.() && this.#clients.size < limits.ociClients;
  }

  async #serve(client: OciClient): Promise<void> {
    const request = await client.request;
    if (request.identity !== this.#identity) return client.elsewhere();
    await asRequest(() => perform(client, request, this.#context));
  }
}
