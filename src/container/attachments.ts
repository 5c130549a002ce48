/** Which attached clients are there, and which of them their shim has given up. */
export class Attachments {
  readonly #givenUp = new Map<string, boolean>();

  /** To be disposed of when the client is gone. */
  add(podId: string, attachment: number): Attachment {
    const key = `${podId}/${attachment}`;
    this.#givenUp.set(key, false);
    return {
      givenUp: () => this.#givenUp.get(key) ?? false,
      [Symbol.dispose]: () => void this.#givenUp.delete(key),
    };
  }

  detach(podId: string, attachment: number): void {
    const key = `${podId}/${attachment}`;
    if (this.#givenUp.has(key)) this.#givenUp.set(key, true);
  }
}

export interface Attachment extends Disposable {
  /** It took nothing for so long that its output ends before the program's. */
  givenUp(): boolean;
}
