/** What a reader wants of the output of a test file. */

const longestStory = 400;
const boring = /^ *(ok\b|\d+\.\.\d+|# time|# Subtest|$)/;

/** `34 passed, 2 skipped`, of the whole file. */
export function summaryOf(output: string): string {
  const counts = /^# \{ total: (\d+)(.*)\}/m.exec(output.split('\n').toReversed().join('\n'));
  if (counts === null) return '';
  const all = counts[0];
  const count = (name: string) => Number(new RegExp(`${name}: (\\d+)`).exec(all)?.[1] ?? 0);
  return ['pass', 'fail', 'skip', 'todo']
    .flatMap((name) => (count(name) > 0 ? [`${name} ${count(name)}`] : []))
    .join(', ');
}

/** All lines but those of what passed; of a very long story its begin and end. */
export function failuresOf(output: string): string {
  const lines = output.split('\n').filter((line) => !boring.test(line));
  if (lines.length <= longestStory) return lines.join('\n');
  const half = longestStory / 2;
  const left = `    ... ${lines.length - longestStory} lines ...`;
  return [...lines.slice(0, half), left, ...lines.slice(-half)].join('\n');
}

/** `   3 TITLE # SKIP REASON`, how often each. */
export function skipsOf(outputs: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const output of outputs) {
    for (const [, title = ''] of output.matchAll(/^ *ok \d+ - (.*# SKIP.*)$/gm)) {
      counts.set(title, (counts.get(title) ?? 0) + 1);
    }
  }
  return [...counts.keys()]
    .toSorted()
    .map((title) => `${String(counts.get(title)).padStart(4)} ${title}`);
}
