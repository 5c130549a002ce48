import { addon } from '../../kernel/addon.ts';

/**
 * The receiving end of sd_notify(3) for one process that is started: `NOTIFY_SOCKET` is its path.
 * `told` is called with each assignment that comes: `READY=1`, `STATUS=Ready`. Owns the socket
 * until it is disposed of.
 */
export class NotifySocket implements Disposable {
  readonly path: string;
  readonly #fd: number;
  readonly #watch: ReturnType<typeof addon.watchStart>;

  constructor(folder: string, name: string, told: (assignment: string) => void) {
    this.path = `${folder}/${name}`;
    this.#fd = addon.datagramBind(folder, name);
    this.#watch = addon.watchStart(this.#fd, () => this.#receive(told));
  }

  [Symbol.dispose](): void {
    addon.watchStop(this.#watch);
    addon.close(this.#fd);
  }

  #receive(told: (assignment: string) => void): void {
    for (;;) {
      const message = addon.messageReceive(this.#fd);
      if (message === undefined) return;
      // An empty datagram says nothing.
      if (message === null) continue;
      for (const fd of message.fds) addon.close(fd);
      for (const line of message.data.toString('utf8').split('\n')) told(line);
    }
  }
}
