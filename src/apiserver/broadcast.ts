import type { Kind } from '../api/kind.ts';
import { limits } from '../base/limits.ts';
import type { Store, Watch } from '../store/store.ts';
import type { PacedWatch } from './pace.ts';
import { chunkOf, lineOf, type WatchChunks } from './watch-chunks.ts';
import { bookmarkObject, type Told, toldEvent } from './watch-event.ts';

/** Events that a broadcast remembers for those who join it a moment late. */
const mostEvents = 256;
const mostBytes = 1024 * 1024;

/** A client that is told all of a collection. */
export interface Listener {
  readonly bookmarks: boolean;
  /** False when it has taken less than it was told: it leaves the broadcast. */
  write(chunk: Buffer): boolean;
}

export interface Left {
  /** It was told all up to here. */
  readonly revision: number;
  /** The broadcast has failed; a watch of one's own tells why. */
  readonly failed: boolean;
}

export interface Collection {
  readonly kind: Kind;
  readonly prefix: string;
}

/**
 * One watch of the store for all who are told the same. A thousand watchers that each wait for
 * changes, gather them and wait for their moment cost more than what is written to them.
 */
export class Broadcasts {
  readonly #store: Store;
  readonly #chunks: WatchChunks;
  readonly #broadcasts = new Map<string, Broadcast>();

  constructor(store: Store, chunks: WatchChunks) {
    this.#store = store;
    this.#chunks = chunks;
  }

  /**
   * Tells the listener every change after the revision, until it cannot take more or the signal is
   * aborted. Undefined when the revision is too old to be told by others' memory.
   */
  join(
    { kind, prefix }: Collection,
    listener: Listener,
    from: { readonly after: number; readonly pace: PacedWatch; readonly signal: AbortSignal },
  ): Promise<Left> | undefined {
    const key = `${kind.group}/${kind.version}/${kind.plural} ${prefix} ${from.pace.slot}`;
    let broadcast = this.#broadcasts.get(key);
    if (broadcast === undefined || broadcast.hasEnded) {
      const watch = this.#store.watch(prefix, { after: from.after });
      const tell = (events: readonly Told[]): Buffer => this.#chunks.shared(kind, events);
      broadcast = new Broadcast({ kind, watch, after: from.after }, tell);
      this.#broadcasts.set(key, broadcast);
      const ended = broadcast;
      void broadcast.run(from.pace).finally(() => {
        if (this.#broadcasts.get(key) === ended) this.#broadcasts.delete(key);
      });
    }
    return broadcast.join(listener, from);
  }
}

interface Member {
  readonly listener: Listener;
  /** Told, or known before it joined, up to here. */
  revision: number;
  readonly leave: (failed: boolean) => void;
}

class Broadcast {
  readonly #kind: Kind;
  readonly #watch: Watch;
  readonly #chunkOf: (events: readonly Told[]) => Buffer;
  readonly #members = new Set<Member>();
  #recent: readonly Told[] = [];
  /** All that came after this is remembered. */
  #floor: number;
  /** All were told of what came up to here. */
  #told: number;
  #ended = false;

  constructor(
    { kind, watch, after }: { kind: Kind; watch: Watch; after: number },
    tell: (events: readonly Told[]) => Buffer,
  ) {
    this.#kind = kind;
    this.#watch = watch;
    this.#floor = after;
    this.#told = after;
    this.#chunkOf = tell;
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  join(
    listener: Listener,
    { after, signal }: { readonly after: number; readonly signal: AbortSignal },
  ): Promise<Left> | undefined {
    if (after < this.#floor || this.#ended) return undefined;
    const { promise, resolve } = Promise.withResolvers<Left>();
    const onAbort = (): void => member.leave(false);
    const member: Member = {
      listener,
      revision: after,
      leave: (failed) => {
        signal.removeEventListener('abort', onAbort);
        this.#members.delete(member);
        if (this.#members.size === 0) {
          this.#ended = true;
          this.#watch[Symbol.dispose]();
        }
        resolve({ revision: member.revision, failed });
      },
    };
    this.#members.add(member);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    else if (after < this.#told) this.#tellLate(member, this.#recent);
    return promise;
  }

  /** Until nobody listens any more, or the store has no more to tell. */
  async run(pace: PacedWatch): Promise<void> {
    const bookmarks = setInterval(() => this.#bookmark(), limits.apiBookmarkMs);
    try {
      for await (const changes of this.#watch) {
        this.#tell(changes.map(toldEvent));
        await pace.turn();
      }
    } catch {
      // Each who listens asks for himself, and is told.
    }
    clearInterval(bookmarks);
    this.#ended = true;
    for (const member of this.#members) member.leave(true);
  }

  #tell(events: readonly Told[]): void {
    const [first, last] = [events[0], events.at(-1)];
    if (first === undefined || last === undefined) return;
    this.#remember(events);
    this.#told = last.entry.revision;
    const chunk = this.#chunkOf(events);
    for (const member of this.#members) {
      if (member.revision >= first.entry.revision) {
        this.#tellLate(member, events);
        continue;
      }
      member.revision = this.#told;
      if (!member.listener.write(chunk)) member.leave(false);
    }
  }

  /** Those of the events that the member has not heard of elsewhere. */
  #tellLate(member: Member, events: readonly Told[]): void {
    const missed = events.filter(({ entry }) => entry.revision > member.revision);
    const last = missed.at(-1);
    if (last === undefined) return;
    member.revision = last.entry.revision;
    if (!member.listener.write(this.#chunkOf(missed))) member.leave(false);
  }

  #remember(events: readonly Told[]): void {
    const all = [...this.#recent, ...events];
    let [kept, bytes] = [0, 0];
    for (const { entry } of all.toReversed()) {
      bytes += entry.value.length;
      if (kept >= mostEvents || bytes > mostBytes) break;
      kept += 1;
    }
    const forgotten = all[all.length - kept - 1];
    if (forgotten !== undefined) this.#floor = forgotten.entry.revision;
    this.#recent = kept === 0 ? [] : all.slice(-kept);
  }

  /** Called by a timer: what the store's watch has handed out, the members were told. */
  #bookmark(): void {
    const revision = Math.max(this.#told, this.#watch.revision);
    const object = JSON.stringify(bookmarkObject(this.#kind, revision, false));
    const chunk = chunkOf([lineOf('BOOKMARK', object)]);
    for (const member of this.#members) {
      if (!member.listener.bookmarks || member.revision > revision) continue;
      member.revision = revision;
      if (!member.listener.write(chunk)) member.leave(false);
    }
  }
}
