import type { SeenChange, SeenEntry } from './record.ts';

interface Span {
  readonly entry: SeenEntry;
  readonly from: number;
  until: number;
}

/** The state at each revision, computed from the log, and where the log is impossible. */
export class Replay {
  readonly faults: string[] = [];
  readonly #spans = new Map<string, Span[]>();

  constructor(log: readonly SeenChange[]) {
    for (const change of log) this.#apply(change);
  }

  at(key: string, revision: number): SeenEntry | undefined {
    return this.#spans.get(key)?.find(({ from, until }) => from <= revision && revision < until)
      ?.entry;
  }

  below(prefix: string, revision: number): SeenEntry[] {
    const keys = [...this.#spans.keys()].filter((key) => key.startsWith(prefix)).toSorted();
    return keys.flatMap((key) => this.at(key, revision) ?? []);
  }

  #apply(change: SeenChange): void {
    const { key, value, revision, created, deleted } = change;
    const spans = this.#spans.get(key) ?? [];
    this.#spans.set(key, spans);
    const last = spans.at(-1);
    const present = last?.until === Number.POSITIVE_INFINITY ? last : undefined;
    const fault = faultOf(change, present?.entry);
    if (fault !== undefined) this.faults.push(`${key} at ${revision}: ${fault}`);
    if (present !== undefined) present.until = revision;
    if (deleted) return;
    const entry = { key, value, revision, created };
    spans.push({ entry, from: revision, until: Number.POSITIVE_INFINITY });
  }
}

function faultOf(change: SeenChange, present: SeenEntry | undefined): string | undefined {
  if (change.deleted) {
    if (present === undefined) return 'deleted, but it did not exist';
    return present.value === change.value ? undefined : 'deleted with another value than it had';
  }
  const isNew = change.created === change.revision;
  if (isNew && present !== undefined) return 'created, but it existed';
  if (!isNew && present === undefined) return 'updated, but it did not exist';
  if (change.previous !== present?.value) return 'its previous value is not the one it had';
  if (!isNew && change.created !== present?.created) return 'its creation has moved';
  return undefined;
}
