/** Why no node takes a pod, in the words that users search for. */
export function fitMessage(nodes: number, reasons: ReadonlyMap<string, number>): string {
  if (nodes === 0) return 'no nodes available to schedule pods';
  const texts = [...reasons].map(([reason, count]) => `${count} ${reason}`).toSorted(byBytes);
  const list = texts.length === 0 ? '' : ` ${texts.join(', ')}.`;
  return `0/${nodes} nodes are available:${list}`;
}

/** The same when no node had to be asked. */
export function refusalMessage(nodes: number, refusal: string): string {
  if (nodes === 0) return 'no nodes available to schedule pods';
  return `0/${nodes} nodes are available: ${refusal}.`;
}

function byBytes(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

/** Counts how often each reason is given. Thousands of nodes mostly share few lists of them. */
export class ReasonCounts {
  readonly #lists = new Map<readonly string[], number>();

  count(reasons: readonly string[], times = 1): void {
    if (times > 0) this.#lists.set(reasons, (this.#lists.get(reasons) ?? 0) + times);
  }

  get byReason(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const [reasons, times] of this.#lists) {
      for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + times);
    }
    return counts;
  }
}
