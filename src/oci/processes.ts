import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { DomainError, isDomainError } from '../base/error.ts';
import type { Call } from './call.ts';

const execute = promisify(execFile);

/** `ps [--format table|json] ID [FLAG OF PS…]` */
export async function ps(call: Call): Promise<void> {
  const { record } = call.container();
  const pids = processesOf(call, record.cgroupPath);
  const format = call.line.flags.text('format') ?? 'table';
  if (format === 'json') call.client.write(`${JSON.stringify(pids)}\n`);
  else if (format === 'table') {
    call.client.write(await listing(call.line.args.slice(1), new Set(pids)));
  } else throw new DomainError('invalid', 'invalid format option');
  call.client.exit(0);
}

function processesOf(call: Call, path: string): number[] {
  try {
    using cgroup = call.context.hierarchy.open(path);
    return cgroup.processes({ recursive: true });
  } catch (error) {
    if (isDomainError(error, 'notFound')) return [];
    throw error;
  }
}

/** ps(1) shows all of the machine; the lines of others are left out by the column PID. */
async function listing(words: readonly string[], pids: ReadonlySet<number>): Promise<string> {
  const args = words.length === 0 ? ['-ef'] : words;
  const { stdout } = await execute('ps', args, { maxBuffer: 64 * 1024 * 1024 });
  const [title = '', ...lines] = stdout.split('\n');
  const column = title.trim().split(/\s+/).indexOf('PID');
  if (column < 0) throw new DomainError('invalid', "couldn't find PID field in ps output");
  const own = lines.filter((line) => pids.has(Number(line.trim().split(/\s+/)[column])));
  return [title, ...own].map((line) => `${line}\n`).join('');
}
