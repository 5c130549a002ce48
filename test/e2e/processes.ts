import { readdirSync, readFileSync } from 'node:fs';

/** The processes whose command line holds a word; ours alone, as the word is made up. */
export function processesWith(word: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const line = readFileSync(`/proc/${name}/cmdline`, 'utf8');
      return line.includes(word) && !line.includes('node') ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

/** What a process has ever written. */
export function writtenBy(pid: number | undefined): number {
  const line = readFileSync(`/proc/${pid}/io`, 'utf8');
  return Number(/wchar: (\d+)/.exec(line)?.[1]);
}

/** How many descriptors a process has open. */
export function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** A process's children, by the names that they gave themselves. */
export function childrenOf(parent: number): { readonly pid: number; readonly name: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const [, name = '', , ppid] = /\((.*)\) (\S) (\d+)/.exec(stat) ?? [];
        return Number(ppid) === parent ? [{ pid: Number(pid), name }] : [];
      } catch {
        return [];
      }
    });
}
