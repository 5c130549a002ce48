import { isKernelError } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';
import { copyDescriptorOf } from '../../kernel/pidfd.ts';
import type { Descriptor } from '../../kernel/descriptor.ts';
import { socketIn, SocketType } from '../../kernel/inside.ts';
import { openNamespace } from '../../kernel/namespace.ts';
import { AddressFamily } from '../../kernel/socket-address.ts';

export type SocketName = 'http' | 'https';
const names: readonly SocketName[] = ['http', 'https'];

/**
 * The sockets on which clients of Ingresses come. They are the agent's: while there is no proxy,
 * clients wait in them, so that its end and its start are nothing but a delay.
 */
export class ListeningSockets implements Disposable {
  readonly #ports: Readonly<Record<SocketName, number>>;
  readonly #log: Logger;
  readonly #open = new Map<SocketName, Descriptor>();
  readonly #said = new Set<SocketName>();

  constructor(ports: Readonly<Record<SocketName, number>>, log: Logger) {
    this.#ports = ports;
    this.#log = log;
  }

  /** By name, the descriptors, which stay ours. */
  get open(): readonly (readonly [SocketName, number])[] {
    return names.flatMap((name) => {
      const socket = this.#open.get(name);
      return socket === undefined ? [] : [[name, socket.fd] as const];
    });
  }

  get isWhole(): boolean {
    return this.#open.size === names.length;
  }

  /** Opens what is not open, true when it is more. A port of somebody else's is said once. */
  async listen(): Promise<boolean> {
    let more = false;
    for (const name of names) {
      if (this.#open.has(name)) continue;
      try {
        this.#open.set(name, await openSocket(this.#ports[name]));
        more = true;
        if (this.#said.delete(name)) this.#log.info(`Port ${this.#ports[name]} is free now`);
      } catch (error) {
        if (!this.#said.has(name)) this.#log.warn({ err: error }, this.#problem(name, error));
        this.#said.add(name);
      }
    }
    return more;
  }

  /** Takes over those that a proxy of an earlier agent has. */
  adopt(pidfd: number, held: ReadonlyMap<SocketName, number>): void {
    for (const [name, fd] of held) {
      if (this.#open.has(name)) continue;
      try {
        this.#open.set(name, copyDescriptorOf(pidfd, fd));
      } catch (error) {
        // Then the port is free for a moment when that proxy ends.
        this.#log.info({ err: error }, `The socket of port ${this.#ports[name]} stays the proxy's`);
      }
    }
  }

  close(): void {
    for (const socket of this.#open.values()) socket.close();
    this.#open.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #problem(name: SocketName, error: unknown): string {
    const port = this.#ports[name];
    return isKernelError(error, 'EADDRINUSE')
      ? `Port ${port} of this node is somebody else's: no Ingresses there; trying again`
      : `Cannot listen on port ${port} for Ingresses; trying again`;
  }
}

const backlog = 511;

/** Both families where the kernel has both. */
async function openSocket(port: number): Promise<Descriptor> {
  using network = openNamespace('/proc/self/ns/net', 'net');
  const { inet, inet6 } = AddressFamily;
  const type = SocketType.stream;
  try {
    return await socketIn(network, { family: inet6, type, local: { host: '::', port }, backlog });
  } catch (error) {
    if (!isKernelError(error, 'EAFNOSUPPORT', 'EADDRNOTAVAIL')) throw error;
    return await socketIn(network, {
      family: inet,
      type,
      local: { host: '0.0.0.0', port },
      backlog,
    });
  }
}
