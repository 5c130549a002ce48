import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import { askUpstream, type Upstream } from './ask-upstream.ts';
import type { ForeignAnswer } from './foreign-answer.ts';
import { headerFlag, type Query, responseCode } from './message.ts';

/** An answer with how old it is. */
export interface Resolved {
  readonly answer: ForeignAnswer;
  readonly agedSeconds: number;
}

/** Time as a test may want it. */
export interface Pace {
  readonly nowMs?: () => number;
  /** How long one server has for one answer. */
  readonly answerMs?: number;
}

interface Kept {
  readonly answer: ForeignAnswer;
  readonly atMs: number;
}

/**
 * Names that are not the cluster's, by asking other servers, with a bounded memory of answers and
 * denials. The same question of many clients is asked once. When nobody answers, what was true
 * not long ago is said once more (RFC 8767).
 */
export class Resolver {
  readonly #upstreams: () => readonly Upstream[];
  readonly #signal: AbortSignal;
  readonly #nowMs: () => number;
  readonly #answerMs: number;
  /** The one used longest ago comes first. */
  readonly #kept = new Map<string, Kept>();
  readonly #asking = new Map<string, Promise<ForeignAnswer>>();
  #keptBytes = 0;
  #preferred = 0;

  /** Whom to ask is asked for anew with each question that nothing is remembered of. */
  constructor(upstreams: () => readonly Upstream[], signal: AbortSignal, options: Pace = {}) {
    this.#upstreams = upstreams;
    this.#signal = signal;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#answerMs = options.answerMs ?? limits.dnsUpstreamMs;
  }

  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** Throws DomainError when no server has an answer and none is remembered. */
  async resolve(query: Query): Promise<Resolved> {
    const key = keyOf(query);
    const kept = this.#kept.get(key);
    if (kept !== undefined && this.#ageOf(kept) < kept.answer.seconds) {
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      return { answer: kept.answer, agedSeconds: Math.floor(this.#ageOf(kept)) };
    }
    const isStale = kept !== undefined && this.#ageOf(kept) <= staleSeconds;
    // Nearly over, so that the client asks again soon.
    const stale = isStale && {
      answer: kept.answer,
      agedSeconds: Math.max(kept.answer.seconds - 5, 0),
    };
    try {
      const answer = await this.#askOnce(key, query);
      return isRefusal(answer) && stale ? stale : { answer, agedSeconds: 0 };
    } catch (error) {
      if (stale) return stale;
      throw error;
    }
  }

  #askOnce(key: string, query: Query): Promise<ForeignAnswer> {
    const known = this.#asking.get(key);
    if (known !== undefined) return known;
    if (this.#asking.size >= limits.dnsQuestions) {
      return Promise.reject(new DomainError('exhausted', 'Too many questions wait for answers'));
    }
    const asked = this.#ask(query)
      .then((answer) => {
        this.#keep(key, answer);
        return answer;
      })
      .finally(() => this.#asking.delete(key));
    this.#asking.set(key, asked);
    return asked;
  }

  /** Every server in turn, from the one that answered last. */
  async #ask(query: Query): Promise<ForeignAnswer> {
    let failure: unknown = new DomainError('unavailable', 'There is no DNS server to ask');
    let refusal: ForeignAnswer | undefined;
    const upstreams = this.#upstreams();
    for (let turn = 0; turn < upstreams.length * rounds; turn++) {
      const index = (this.#preferred + (turn > 0 ? 1 : 0)) % upstreams.length;
      const upstream = upstreams[index];
      if (upstream === undefined || this.#signal.aborted) break;
      this.#preferred = index;
      try {
        const answer = await askUpstream(upstream, query, {
          signal: this.#signal,
          answerMs: this.#answerMs,
        });
        if (!isRefusal(answer)) return answer;
        refusal = answer;
      } catch (error) {
        failure = error;
      }
    }
    if (refusal !== undefined) return refusal;
    throw failure;
  }

  #keep(key: string, answer: ForeignAnswer): void {
    if (answer.seconds === 0) return;
    this.#forget(key);
    this.#kept.set(key, { answer, atMs: this.#nowMs() });
    this.#keptBytes += bytesOf(key, answer);
    for (const oldest of this.#kept.keys()) {
      const fits =
        this.#kept.size <= limits.dnsCacheEntries && this.#keptBytes <= limits.dnsCacheBytes;
      if (fits) return;
      this.#forget(oldest);
    }
  }

  #forget(key: string): void {
    const kept = this.#kept.get(key);
    if (kept === undefined) return;
    this.#kept.delete(key);
    this.#keptBytes -= bytesOf(key, kept.answer);
  }

  #ageOf({ atMs }: Kept): number {
    return (this.#nowMs() - atMs) / 1000;
  }
}

const rounds = 2;
/** How old an answer may be that is given because nobody has a newer one. */
const staleSeconds = 3600;

/** What is the same for two clients: the question, and how much of DNSSEC they want. */
function keyOf({ name, type, class: of, flags, extension }: Query): string {
  const checking = flags & headerFlag.checkingDisabled;
  return `${name} ${type} ${of} ${checking} ${extension?.dnssec === true}`;
}

/** Another server may have it. */
function isRefusal({ code }: ForeignAnswer): boolean {
  return code === responseCode.serverFailure || code === responseCode.refused;
}

function bytesOf(key: string, { message, times }: ForeignAnswer): number {
  return 200 + 2 * key.length + message.length + 32 * times.length;
}
