import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Measures commands from a small native process: a child of Node would cost the peer 5 ms. */
export class Stopwatch {
  readonly #program: string;

  /** Compiles it into the folder. */
  constructor(folder: string) {
    this.#program = join(folder, 'stopwatch');
    const source = fileURLToPath(new URL('stopwatch.c', import.meta.url));
    execFileSync('gcc', ['-O2', '-static', '-o', this.#program, source]);
  }

  /**
   * Milliseconds of each run. `withoutUnified` hides /sys/fs/cgroup/unified from the command: crun
   * refuses a hybrid machine whose v2 hierarchy has controllers, and runs where it sees none.
   */
  async time(
    count: number,
    command: readonly string[],
    options: { readonly withoutUnified?: boolean } = {},
  ): Promise<number[]> {
    const hide = 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"';
    const [program = '', ...args] = [
      ...(options.withoutUnified === true ? ['unshare', '--mount', 'sh', '-c', hide, 'sh'] : []),
      this.#program,
      String(count),
      ...command,
    ];
    const { stdout } = await run(program, args);
    return stdout.trim().split('\n').map(Number);
  }
}
