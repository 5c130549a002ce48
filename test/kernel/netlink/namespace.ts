import { execFileSync } from 'node:child_process';

let made = 0;

/** A network namespace for one test, with iproute2 as the second opinion; removed on dispose. */
export class TestNamespace implements Disposable {
  readonly name = `keelson-${process.pid}-${++made}`;
  readonly path = `/run/netns/${this.name}`;

  constructor() {
    run('ip', ['netns', 'add', this.name]);
  }

  /** `ip -n NAME ...`, its standard output. */
  ip(...args: string[]): string {
    return run('ip', ['-n', this.name, ...args]);
  }

  /** `ip -j -d -n NAME ...`, parsed. */
  ipJson(...args: string[]): Record<string, unknown>[] {
    const output = run('ip', ['-j', '-d', '-n', this.name, ...args]);
    return JSON.parse(output === '' ? '[]' : output) as Record<string, unknown>[];
  }

  /** Any command inside the namespace. */
  exec(command: string, ...args: string[]): string {
    return run('ip', ['netns', 'exec', this.name, command, ...args]);
  }

  [Symbol.dispose](): void {
    run('ip', ['netns', 'delete', this.name]);
  }
}

export const skip =
  process.getuid?.() === 0 ? (false as const) : 'root is needed to make network namespaces';

function run(command: string, args: readonly string[]): string {
  return execFileSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  });
}
