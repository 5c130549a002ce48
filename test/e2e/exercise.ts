/**
 * Pages of commands with what they print, as in `vagrant/exercises`. In blocks of ```console a
 * line that begins with `$ ` is typed (`> ` goes on with it), what follows is what it prints:
 * `…` stands for any part of a line, a line `...` for any lines, also none. Blanks count once. What
 * is typed stays: variables and folders are those of one shell for the whole page.
 */

export interface Step {
  readonly command: string;
  readonly expected: readonly string[];
  /** In the page, counted from 1. */
  readonly line: number;
}

export interface Mismatch {
  readonly step: Step;
  readonly shown: readonly string[];
}

export function parsePage(text: string): readonly Step[] {
  const steps: { command: string; expected: string[]; line: number }[] = [];
  let inside = false;
  for (const [index, line] of text.split('\n').entries()) {
    if (line.startsWith('```')) {
      inside = line === '```console';
    } else if (inside && line.startsWith('$ ')) {
      steps.push({ command: line.slice(2), expected: [], line: index + 1 });
    } else if (inside && line.startsWith('> ')) {
      const step = steps.at(-1);
      if (step !== undefined) step.command += `\n${line.slice(2)}`;
    } else if (inside) {
      steps.at(-1)?.expected.push(line);
    }
  }
  return steps;
}

const mark = '=== step';

/** One script for a shell: after each step's mark comes what it prints, errors too. */
export function scriptOf(steps: readonly Step[]): string {
  const typed = steps.map(({ command }, index) => `echo; echo "${mark} ${index}"\n${command}`);
  return `exec 2>&1 </dev/null\n${typed.join('\n')}\n`;
}

/** The steps that printed something else than the page says. */
export function mismatches(steps: readonly Step[], output: string): readonly Mismatch[] {
  const parts = output.split(new RegExp(`^${mark} \\d+\\n`, 'm')).slice(1);
  return steps.flatMap((step, index) => {
    const shown = (parts[index] ?? '(not reached)')
      .split('\n')
      .map(squeezed)
      .filter((line) => !wordsOfItsOwn.test(line));
    // The empty line before the next mark, and those that a program ends with.
    while (shown.at(-1) === '') shown.pop();
    return matches(step.expected.map(squeezed), shown) ? [] : [{ step, shown }];
  });
}

/** On a busy machine kubectl has not made its channels yet when the first message comes. */
const wordsOfItsOwn = /^E\d{4} \S+ +\d+ websocket\.go:\d+\] Unknown stream id \d, discarding/;

/** Whether lines fit a page's: `...` takes as few lines as the rest lets it. */
export function matches(expected: readonly string[], shown: readonly string[]): boolean {
  const [first, ...rest] = expected;
  if (first === undefined) return shown.length === 0;
  if (first === '...') {
    return matches(rest, shown) || (shown.length > 0 && matches(expected, shown.slice(1)));
  }
  const [line, ...others] = shown;
  return line !== undefined && patternOf(first).test(line) && matches(rest, others);
}

function patternOf(line: string): RegExp {
  const parts = line.split('…').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}

function squeezed(line: string): string {
  return line
    .replaceAll('\r', '')
    .replaceAll(/[ \t]+/g, ' ')
    .trim();
}
