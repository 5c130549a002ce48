import { userInfo } from 'node:os';
import { DomainError, isDomainError, messageOf } from '../base/error.ts';
import type { Call } from './call.ts';
import { stateOf, statusOf } from './status.ts';

/** `state ID` */
export function state(call: Call): void {
  const { record, status } = call.container();
  call.client.write(JSON.stringify(stateOf(record, status, ''), null, 2));
  call.client.exit(0);
}

interface Listed {
  readonly id: string;
  readonly pid: number;
  readonly status: string;
  readonly bundle: string;
  readonly created: string;
  readonly owner: string;
}

/** `list`, with `--quiet` or `--format table|json` */
export function list(call: Call): void {
  const { flags } = call.line;
  const rows = listed(call);
  if (flags.on('quiet')) {
    call.client.write(rows.map(({ id }) => `${id}\n`).join(''));
  } else call.client.write(rendered(rows, flags.text('format') ?? 'table'));
  call.client.exit(0);
}

function listed(call: Call): Listed[] {
  const { records, context } = call;
  return records.list().flatMap((id) => {
    try {
      const record = records.read(id);
      const status = statusOf(record, records.folderOf(id), context.hierarchy);
      return [stateOf(record, status, ownerName()) as Listed];
    } catch (error) {
      // Removed meanwhile, or damaged: the others are listed all the same.
      if (!isDomainError(error, 'notFound')) call.warn(`load container ${id}: ${messageOf(error)}`);
      return [];
    }
  });
}

/** Only root's containers are here. */
function ownerName(): string {
  return userInfo().username;
}

function rendered(rows: readonly Listed[], format: string): string {
  if (format === 'json') return rows.length === 0 ? 'null\n' : JSON.stringify(rows);
  if (format !== 'table') throw new DomainError('invalid', 'invalid format option');
  const lines = [
    ['ID', 'PID', 'STATUS', 'BUNDLE', 'CREATED', 'OWNER'],
    ...rows.map((row) => [row.id, String(row.pid), row.status, row.bundle, row.created, row.owner]),
  ];
  return columns(lines);
}

/** As Go's tabwriter sets them for runc: at least 12 wide, 3 between. */
function columns(lines: readonly (readonly string[])[]): string {
  const last = (lines[0] ?? []).length - 1;
  const widths = (lines[0] ?? []).map((_, at) =>
    Math.max(12, ...lines.map((line) => (line[at] ?? '').length + 3)),
  );
  return lines
    .map((line) => line.map((word, at) => (at < last ? word.padEnd(widths[at] ?? 0) : word)))
    .map((words) => `${words.join('')}\n`)
    .join('');
}
