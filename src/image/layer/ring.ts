import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';

/** Numbers both threads see; the positions wrap at 2^32. */
const written = 0;
const read = 1;
/** Counts changes, so that a reader can sleep until the next one. */
const change = 2;
const state = 3;
const waiting = 4;
const controls = 5;

const open = 0;
const ended = 1;
const aborted = 2;

/**
 * Bytes on their way from one thread to another, in memory that both share. The writer never
 * blocks: it learns of room by a message. The reader sleeps while there is nothing to read.
 */
export class Ring {
  readonly memory: SharedArrayBuffer;
  readonly #control: Int32Array;
  readonly #bytes: Buffer;

  /** Of a new ring, or of the memory of one that another thread made. */
  constructor(memory?: SharedArrayBuffer) {
    this.memory = memory ?? new SharedArrayBuffer(controls * 4 + limits.layerRingBytes);
    this.#control = new Int32Array(this.memory, 0, controls);
    this.#bytes = Buffer.from(this.memory, controls * 4);
  }

  /** For the next stream; only while neither side uses it. */
  reset(): void {
    this.#control.fill(0);
  }

  /** Copies as much as there is room for and returns how much that was. */
  put(chunk: Uint8Array): number {
    const size = this.#bytes.length;
    const begin = Atomics.load(this.#control, written) >>> 0;
    const used = (begin - Atomics.load(this.#control, read)) >>> 0;
    const bytes = Math.min(chunk.length, size - used);
    const at = begin % size;
    const first = Math.min(bytes, size - at);
    this.#bytes.set(chunk.subarray(0, first), at);
    this.#bytes.set(chunk.subarray(first, bytes), 0);
    Atomics.store(this.#control, written, (begin + bytes) | 0);
    this.#wake();
    return bytes;
  }

  /** Asks for a message about room. False when there is room already, so none will come. */
  askForRoom(): boolean {
    Atomics.store(this.#control, waiting, 1);
    const used = Atomics.load(this.#control, written) - Atomics.load(this.#control, read);
    return used >>> 0 === this.#bytes.length;
  }

  end(): void {
    Atomics.compareExchange(this.#control, state, open, ended);
    this.#wake();
  }

  abort(): void {
    Atomics.store(this.#control, state, aborted);
    this.#wake();
  }

  /**
   * Waits for bytes and passes some of them to `use`; they are the ring's own memory. Returns
   * whether the writer waits for the room. Undefined at the end. Throws when the writer aborted,
   * DomainError `timeout` when nothing comes for too long.
   */
  take(use: (bytes: Buffer) => void): { isAwaited: boolean } | undefined {
    const begin = Atomics.load(this.#control, read) >>> 0;
    const bytes = this.#await(begin);
    if (bytes === 0) return undefined;
    const at = begin % this.#bytes.length;
    const count = Math.min(bytes, this.#bytes.length - at, maximumTaken);
    use(this.#bytes.subarray(at, at + count));
    Atomics.store(this.#control, read, (begin + count) | 0);
    return { isAwaited: Atomics.exchange(this.#control, waiting, 0) === 1 };
  }

  #await(begin: number): number {
    for (;;) {
      const seen = Atomics.load(this.#control, change);
      const current = Atomics.load(this.#control, state);
      if (current === aborted) throw new DomainError('conflict', 'Unpacking was aborted');
      const bytes = (Atomics.load(this.#control, written) - begin) >>> 0;
      if (bytes > 0 || current === ended) return bytes;
      if (Atomics.wait(this.#control, change, seen, limits.layerStallMs) === 'timed-out') {
        const seconds = limits.layerStallMs / 1000;
        throw new DomainError('timeout', `No byte of the layer came for ${seconds} seconds`);
      }
    }
  }

  #wake(): void {
    Atomics.add(this.#control, change, 1);
    Atomics.notify(this.#control, change);
  }
}

/** A quarter of the ring: the writer fills one part while the reader works on another. */
const maximumTaken = limits.layerRingBytes / 4;
