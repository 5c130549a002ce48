import { watch } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { hasCode } from '../error.ts';
import { Wakeup } from '../wakeup.ts';
import { type LogLine, parseLogLine } from './log-line.ts';

export interface LogRequest {
  /** Whole lines from the end; all without it. */
  readonly tail?: number | undefined;
  readonly sinceNs: bigint;
  /** Zero: no bound. */
  readonly untilNs: bigint;
  /** Goes on until this signal aborts and everything written by then is read. */
  readonly follow?: AbortSignal;
  /** Opens the log, and after a rotation the next one; undefined where there is none. */
  readonly open?: (path: string) => Promise<FileHandle | undefined>;
}

const blockBytes = 64 * 1024;
const newline = 0x0a;
/** Runtimes write lines of some kilobytes; what has no end is no line of a log. */
const longestLine = 1024 * 1024;

/** A container's log, in batches. A file that is missing has no lines. */
export async function* readLog(path: string, request: LogRequest): AsyncGenerator<LogLine[]> {
  const file = await (request.open ?? openLog)(path);
  if (file === undefined) return;
  try {
    const start = request.tail === undefined ? 0 : await tailOffset(file, request.tail);
    const reader = new LineReader(file, start);
    yield* selected(reader, request);
    if (request.follow !== undefined) yield* followed(path, { reader, request });
  } finally {
    await file.close();
  }
}

/** O_NOFOLLOW by the flags of the writer's folder: only the runtime writes there. */
async function openLog(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function* followed(
  path: string,
  { reader, request }: { reader: LineReader; request: LogRequest },
): AsyncGenerator<LogLine[]> {
  const signal = request.follow ?? AbortSignal.abort();
  const changes = new Changes(path);
  try {
    // Read again after the watch is set: what came before it would wake nobody.
    yield* selected(reader, request);
    while (!signal.aborted) {
      await changes.next(signal);
      yield* selected(reader, request);
      if (await reader.replaced(path)) {
        yield* selected(reader, request);
        const next = await (request.open ?? openLog)(path);
        if (next !== undefined) await reader.change(next);
        changes.renew(path);
      }
    }
    yield* selected(reader, request);
  } finally {
    changes.close();
    await reader.closeOwn();
  }
}

async function* selected(reader: LineReader, request: LogRequest): AsyncGenerator<LogLine[]> {
  for await (const lines of reader.lines()) {
    const wanted = lines.filter(
      ({ atNs }) => atNs >= request.sinceNs && (request.untilNs === 0n || atNs <= request.untilNs),
    );
    if (wanted.length > 0) yield wanted;
  }
}

/** Reads whole lines as far as the file goes; called again, those that came since. */
class LineReader {
  #file: FileHandle;
  #own = false;
  #offset: number;
  /** The blocks since the last newline. */
  #begun: readonly Buffer[] = [];

  constructor(file: FileHandle, offset: number) {
    this.#file = file;
    this.#offset = offset;
  }

  async *lines(): AsyncGenerator<LogLine[]> {
    for (;;) {
      const block = Buffer.allocUnsafe(blockBytes);
      const { bytesRead } = await this.#file.read(block, 0, blockBytes, this.#offset);
      if (bytesRead === 0) return;
      this.#offset += bytesRead;
      const fresh = block.subarray(0, bytesRead);
      const end = fresh.lastIndexOf(newline) + 1;
      const begun = this.#begun;
      if (end === 0) {
        this.#begun = sizeOf(begun) > longestLine ? [] : [...begun, fresh];
        continue;
      }
      this.#begun = [fresh.subarray(end)];
      const bytes = Buffer.concat([...begun, fresh.subarray(0, end)]);
      const lines = splitLines(bytes).flatMap((line) => parseLogLine(line) ?? []);
      if (lines.length > 0) yield lines;
    }
  }

  /** True when another file has the name: the log was rotated. */
  async replaced(path: string): Promise<boolean> {
    try {
      const [named, own] = await Promise.all([stat(path), this.#file.stat()]);
      return named.ino !== own.ino;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return false;
      throw error;
    }
  }

  async change(file: FileHandle): Promise<void> {
    await this.closeOwn();
    this.#file = file;
    this.#own = true;
    this.#offset = 0;
    this.#begun = [];
  }

  async closeOwn(): Promise<void> {
    if (this.#own) await this.#file.close();
    this.#own = false;
  }
}

/** Wakes when the file changes; and every second, since a rotated file sends no more events. */
class Changes {
  readonly #change = new Wakeup();
  #watcher: ReturnType<typeof watch>;

  constructor(path: string) {
    this.#watcher = this.#watch(path);
  }

  renew(path: string): void {
    this.#watcher.close();
    this.#watcher = this.#watch(path);
    this.#change.wake();
  }

  async next(signal: AbortSignal): Promise<void> {
    const stop = (): void => this.#change.wake();
    signal.addEventListener('abort', stop, { once: true });
    if (!signal.aborted) await this.#change.wait(1000);
    signal.removeEventListener('abort', stop);
  }

  close(): void {
    this.#watcher.close();
  }

  #watch(path: string): ReturnType<typeof watch> {
    const watcher = watch(path, () => this.#change.wake());
    // The file may be gone with its container; the end of following is somebody else's to tell.
    watcher.on('error', () => undefined);
    return watcher;
  }
}

/** Where the last `count` whole lines begin; read from the end, since logs can be long. */
async function tailOffset(file: FileHandle, count: number): Promise<number> {
  const { size } = await file.stat();
  if (count === 0) return size;
  let end = size;
  let later: Buffer = Buffer.alloc(0);
  let found = 0;
  while (end > 0) {
    const start = Math.max(0, end - blockBytes);
    const block = Buffer.allocUnsafe(end - start);
    await file.read(block, 0, block.length, start);
    const bytes = Buffer.concat([block, later]);
    const lineStarts = startsOf(bytes, start === 0);
    for (const lineStart of lineStarts.toReversed()) {
      if (isWhole(bytes, lineStart)) found += 1;
      if (found > count) return start + nextLine(bytes, lineStart);
    }
    later = bytes.subarray(0, lineStarts[0] ?? bytes.length);
    if (later.length > longestLine) later = Buffer.alloc(0);
    end = start;
  }
  return 0;
}

/** The lines that begin in these bytes; the first byte begins one only at the file's start. */
function startsOf(bytes: Buffer, first: boolean): number[] {
  const starts = first && bytes.length > 0 ? [0] : [];
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) {
    if (at + 1 < bytes.length) starts.push(at + 1);
  }
  return starts;
}

function isWhole(bytes: Buffer, start: number): boolean {
  return parseLogLine(bytes.subarray(start, nextLine(bytes, start)))?.whole === true;
}

function nextLine(bytes: Buffer, start: number): number {
  const end = bytes.indexOf(newline, start);
  return end < 0 ? bytes.length : end + 1;
}

function sizeOf(blocks: readonly Buffer[]): number {
  return blocks.reduce((sum, { length }) => sum + length, 0);
}

function splitLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return lines;
}
