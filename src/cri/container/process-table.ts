import { readFile, stat } from 'node:fs/promises';
import { DomainError, hasCode } from '../../base/error.ts';
import { nearest } from '../../base/nearest.ts';

/** The kernel counts times in hundredths of a second (USER_HZ), whatever its own tick is. */
const ticksPerSecond = 100;

interface Process {
  readonly pid: string;
  readonly uid: string;
  /** Of /proc/PID/stat, from the third one on; the second is in brackets and may hold anything. */
  readonly fields: readonly string[];
  readonly name: string;
  readonly args: string;
  readonly startedAtMs: number;
}

const columns: Record<string, { title: string; of: (process: Process) => string }> = {
  uid: { title: 'UID', of: ({ uid }) => uid },
  pid: { title: 'PID', of: ({ pid }) => pid },
  ppid: { title: 'PPID', of: ({ fields }) => fields[1] ?? '' },
  pgid: { title: 'PGID', of: ({ fields }) => fields[2] ?? '' },
  c: { title: 'C', of: (process) => String(Math.floor(cpuPercent(process))) },
  pcpu: { title: '%CPU', of: (process) => cpuPercent(process).toFixed(1) },
  stime: { title: 'STIME', of: ({ startedAtMs }) => startTime(startedAtMs) },
  tty: { title: 'TTY', of: ({ fields }) => terminal(Number(fields[4] ?? 0)) },
  time: { title: 'TIME', of: (process) => clock(cpuSeconds(process)) },
  etime: { title: 'ELAPSED', of: ({ startedAtMs }) => clock((Date.now() - startedAtMs) / 1000) },
  stat: { title: 'STAT', of: ({ fields }) => fields[0] ?? '' },
  ni: { title: 'NI', of: ({ fields }) => fields[16] ?? '' },
  nlwp: { title: 'NLWP', of: ({ fields }) => fields[17] ?? '' },
  vsz: { title: 'VSZ', of: ({ fields }) => String(Math.floor(Number(fields[20] ?? 0) / 1024)) },
  rss: { title: 'RSS', of: ({ fields }) => String(Number(fields[21] ?? 0) * 4) },
  comm: { title: 'COMMAND', of: ({ name }) => name },
  args: { title: 'CMD', of: ({ args, name }) => (args === '' ? `[${name}]` : args) },
};

const usual = ['uid', 'pid', 'ppid', 'c', 'stime', 'tty', 'time', 'args'];

/**
 * Processes by id as `ps -ef` shows them, or the columns asked for. Those that ended are left out.
 */
export async function processTable(
  pids: readonly number[],
  wanted: readonly string[],
): Promise<{ titles: string[]; rows: { cells: string[] }[] }> {
  const chosen = (wanted.length === 0 ? usual : wanted).map(columnNamed);
  const bootAtMs = await readBootTime();
  const found = await Promise.all(pids.map((pid) => readProcess(pid, bootAtMs)));
  return {
    titles: chosen.map(({ title }) => title),
    rows: found.flatMap((process) =>
      process === undefined ? [] : [{ cells: chosen.map(({ of }) => of(process)) }],
    ),
  };
}

function columnNamed(name: string): (typeof columns)[string] {
  const column = Object.hasOwn(columns, name) ? columns[name] : undefined;
  if (column !== undefined) return column;
  const guess = nearest(name, Object.keys(columns));
  const hint =
    guess === undefined
      ? `there are ${Object.keys(columns).join(', ')}`
      : `did you mean "${guess}"?`;
  throw new DomainError('invalid', `Unknown column "${name}": ${hint}`);
}

async function readProcess(pid: number, bootAtMs: number): Promise<Process | undefined> {
  try {
    const [line, args, { uid }] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
      stat(`/proc/${pid}`),
    ]);
    const end = line.lastIndexOf(')');
    const fields = line
      .slice(end + 2)
      .trim()
      .split(' ');
    return {
      pid: String(pid),
      uid: String(uid),
      fields,
      name: line.slice(line.indexOf('(') + 1, end),
      args: args.replaceAll('\0', ' ').trim(),
      startedAtMs: bootAtMs + (Number(fields[19] ?? 0) / ticksPerSecond) * 1000,
    };
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}

async function readBootTime(): Promise<number> {
  const [, seconds] = /^btime (\d+)$/m.exec(await readFile('/proc/stat', 'utf8')) ?? [];
  return Number(seconds ?? 0) * 1000;
}

function cpuSeconds({ fields }: Process): number {
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / ticksPerSecond;
}

function cpuPercent(process: Process): number {
  const seconds = Math.max(0.01, (Date.now() - process.startedAtMs) / 1000);
  return Math.min(100, (cpuSeconds(process) / seconds) * 100);
}

function startTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  const today = date.toDateString() === new Date().toDateString();
  return today
    ? date.toTimeString().slice(0, 5)
    : `${date.toDateString().slice(4, 7)}${String(date.getDate()).padStart(2, '0')}`;
}

/** Major 136 and up are pseudo-terminals; 0 is none. */
function terminal(number: number): string {
  const [major, minor] = [(number >>> 8) & 0xfff, (number & 0xff) | ((number >>> 12) & 0xfff00)];
  if (major >= 136 && major <= 143) return `pts/${minor}`;
  return number === 0 ? '?' : `${major}:${minor}`;
}

function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return [whole / 3600, (whole % 3600) / 60, whole % 60]
    .map((part) => String(Math.floor(part)).padStart(2, '0'))
    .join(':');
}
