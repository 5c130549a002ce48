/** Lines around a change. */
const contextLines = 3;
/** Texts that differ by more lines are not searched: the time grows by the square. */
const mostEdits = 2000;

interface Edit {
  readonly sign: ' ' | '-' | '+';
  readonly line: string;
  /** Lines of both texts before it. */
  readonly before: number;
  readonly after: number;
}

/** The unified diff of two texts, as of `diff -u` without its head; empty when they are equal. */
export function lineDiff(before: string, after: string): string {
  const edits = editsBetween(linesOf(before), linesOf(after));
  return hunksOf(edits).map(hunkText).join('');
}

function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** What is equal at both ends is not searched. */
function editsBetween(before: readonly string[], after: readonly string[]): Edit[] {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const [from, to] = [before, after].map((lines) => lines.slice(head, lines.length - tail));
  const signs = [
    ...Array.from({ length: head }, () => ' ' as const),
    ...signsBetween(from ?? [], to ?? []),
    ...Array.from({ length: tail }, () => ' ' as const),
  ];
  let [old, now] = [0, 0];
  return signs.map((sign) => {
    const line = (sign === '+' ? after[now] : before[old]) ?? '';
    const edit = { sign, line, before: old, after: now };
    if (sign !== '+') old += 1;
    if (sign !== '-') now += 1;
    return edit;
  });
}

/** The shortest way, by Myers: how far each diagonal is reached in so many edits. */
function signsBetween(from: readonly string[], to: readonly string[]): Edit['sign'][] {
  const rounds: Map<number, number>[] = [];
  let reached = new Map([[1, 0]]);
  for (let edits = 0; edits <= Math.min(from.length + to.length, mostEdits); edits += 1) {
    rounds.push(new Map(reached));
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let x = startOn(reached, diagonal, edits).x;
      while (x < from.length && x - diagonal < to.length && from[x] === to[x - diagonal]) x += 1;
      reached.set(diagonal, x);
      if (x >= from.length && x - diagonal >= to.length) return walkBack(rounds, from, to);
    }
    reached = new Map(reached);
  }
  return [...from.map(() => '-' as const), ...to.map(() => '+' as const)];
}

function startOn(reached: ReadonlyMap<number, number>, diagonal: number, edits: number) {
  const above = reached.get(diagonal + 1) ?? -1;
  const left = reached.get(diagonal - 1) ?? -1;
  const isInsertion = diagonal === -edits || (diagonal !== edits && left < above);
  return isInsertion
    ? { x: above, previous: diagonal + 1, sign: '+' as const }
    : { x: left + 1, previous: diagonal - 1, sign: '-' as const };
}

function walkBack(
  rounds: readonly ReadonlyMap<number, number>[],
  from: readonly string[],
  to: readonly string[],
): Edit['sign'][] {
  const signs: Edit['sign'][] = [];
  let [x, y] = [from.length, to.length];
  for (let edits = rounds.length - 1; edits >= 0; edits -= 1) {
    const start = startOn(rounds[edits] ?? new Map(), x - y, edits);
    while (x > start.x && x > 0 && y > 0) {
      signs.push(' ');
      [x, y] = [x - 1, y - 1];
    }
    if (edits === 0) break;
    signs.push(start.sign);
    if (start.sign === '+') y -= 1;
    else x -= 1;
  }
  return signs.toReversed();
}

/** Changes nearer to each other than twice the context are one hunk. */
function hunksOf(edits: readonly Edit[]): (readonly Edit[])[] {
  const hunks: Edit[][] = [];
  let end = -1;
  for (const [index, { sign }] of edits.entries()) {
    if (sign === ' ') continue;
    const start = Math.max(index - contextLines, end);
    const isNew = end < 0 || index - contextLines > end;
    if (isNew) hunks.push([]);
    const next = Math.min(index + contextLines + 1, edits.length);
    hunks.at(-1)?.push(...edits.slice(isNew ? Math.max(start, 0) : end, next));
    end = next;
  }
  return hunks;
}

function hunkText(hunk: readonly Edit[]): string {
  const old = hunk.filter(({ sign }) => sign !== '+').length;
  const now = hunk.filter(({ sign }) => sign !== '-').length;
  const [first] = hunk;
  const head = `@@ -${range(first?.before ?? 0, old)} +${range(first?.after ?? 0, now)} @@\n`;
  return head + hunk.map(({ sign, line }) => `${sign}${line}\n`).join('');
}

/** An empty one is said to be of the line before it. */
function range(line: number, count: number): string {
  return `${count === 0 ? line : line + 1},${count}`;
}
