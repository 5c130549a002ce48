import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { addon } from './addon.ts';

type Collect = (options: {
  readonly type: 'major';
  readonly execution: 'sync';
  readonly flavor: 'last-resort';
}) => void;

let collect: Collect | undefined;

/**
 * Gives the kernel what this process holds and does not use. A program that has become quiet
 * collects no garbage by itself, V8 keeps the pages that it has emptied, and malloc those below the
 * last one in use. Holds the event loop for some tenths of a second: for quiet times.
 */
export function giveMemoryBack(): void {
  collect ??= openCollector();
  // Code that is dropped would be compiled anew for the next thing to do.
  setFlagsFromString('--no-flush-bytecode');
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  setFlagsFromString('--flush-bytecode');
  addon.trimHeap();
}

/** V8 has it in every context that is made after the flag was set. */
function openCollector(): Collect {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as Collect;
}
