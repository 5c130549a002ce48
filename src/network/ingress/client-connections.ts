import type { Socket } from 'node:net';
import { ingressLimits } from '../../base/ingress-limits.ts';

/** The open connections of clients; one address cannot have them all. */
export class ClientConnections {
  readonly #open = new Set<Socket>();
  readonly #byAddress = new Map<string, number>();
  #whenNone: (() => void) | undefined;

  get size(): number {
    return this.#open.size;
  }

  /** Ends it at once when its client has too many. */
  add(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    const count = this.#byAddress.get(address) ?? 0;
    socket.on('error', () => socket.destroy());
    if (count >= ingressLimits.clientConnections) {
      socket.destroy();
      return;
    }
    this.#open.add(socket);
    this.#byAddress.set(address, count + 1);
    socket.once('close', () => this.#remove(socket, address));
  }

  /** Resolves when there is none. */
  async none(): Promise<void> {
    if (this.#open.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenNone = resolve;
    });
  }

  destroyAll(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #remove(socket: Socket, address: string): void {
    this.#open.delete(socket);
    const left = (this.#byAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#byAddress.set(address, left);
    else this.#byAddress.delete(address);
    if (this.#open.size === 0) this.#whenNone?.();
  }
}
