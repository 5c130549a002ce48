import { Session, type Profiler } from 'node:inspector';
import { fileURLToPath } from 'node:url';
import { statSync } from 'node:fs';

/** Which bytes of our sources have ever run in this thread, by V8's block coverage. */
export class Coverage implements Disposable {
  readonly #session = new Session();
  readonly #seen = new Map<string, Uint8Array>();
  readonly #sources: string;

  /** `sources` is the folder that counts, as a file URL. */
  constructor(sources: string) {
    this.#sources = sources;
    this.#session.connect();
    this.#session.post('Profiler.enable');
    const options = { callCount: true, detailed: true, allowTriggeredUpdates: false };
    this.#session.post('Profiler.startPreciseCoverage', options);
  }

  /** How many bytes ran since the last call that never ran before; they are kept as seen. */
  add(): number {
    return this.#newBytes(true);
  }

  /** The same, but they stay new: who made them run is still to be found out. */
  look(): number {
    return this.#newBytes(false);
  }

  get bytes(): number {
    let total = 0;
    for (const seen of this.#seen.values()) for (const byte of seen) total += byte;
    return total;
  }

  [Symbol.dispose](): void {
    this.#session.disconnect();
  }

  #newBytes(keep: boolean): number {
    return this.#take()
      .filter(({ url }) => url.startsWith(this.#sources))
      .reduce((total, script) => total + this.#compare(script, keep), 0);
  }

  #take(): Profiler.ScriptCoverage[] {
    let scripts: Profiler.ScriptCoverage[] = [];
    // In the same thread the answer comes before the call returns.
    this.#session.post('Profiler.takePreciseCoverage', (_error, answer) => {
      scripts = answer.result;
    });
    return scripts;
  }

  /** Outer ranges come first; an inner one with another count says otherwise for its part. */
  #compare({ url, functions }: Profiler.ScriptCoverage, keep: boolean): number {
    const seen = this.#seenOf(url);
    let added = 0;
    for (const { ranges } of functions) {
      const [whole] = ranges;
      if (whole === undefined || whole.count === 0) continue;
      const ran = new Uint8Array(whole.endOffset - whole.startOffset);
      for (const { startOffset, endOffset, count } of ranges) {
        const begin = startOffset - whole.startOffset;
        ran.fill(count > 0 ? 1 : 0, begin, endOffset - whole.startOffset);
      }
      for (const [index, byte] of ran.entries()) {
        const at = whole.startOffset + index;
        if (byte === 0 || seen[at] === 1) continue;
        if (keep) seen[at] = 1;
        added += 1;
      }
    }
    return added;
  }

  #seenOf(url: string): Uint8Array {
    const known = this.#seen.get(url);
    if (known !== undefined) return known;
    const seen = new Uint8Array(statSync(fileURLToPath(url)).size + 1024);
    this.#seen.set(url, seen);
    return seen;
  }
}
