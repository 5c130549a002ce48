import { DomainError } from '../base/error.ts';
import { compileTemplate } from './template.ts';

export interface Column {
  readonly title: string;
  /** The row's field, as templates name it. */
  readonly field: string;
}

export interface ListingFlags {
  readonly format?: string;
  readonly output?: string;
  readonly quiet?: boolean;
}

type Row = Readonly<Record<string, unknown>>;

/**
 * Rows as a table, as JSON (`-o json`, `--format json`), by a template (`--format '{{.ID}}'`, with
 * titles after `table `), or only their first column (`-q`).
 */
export function renderListing(
  rows: readonly Row[],
  columns: readonly Column[],
  flags: ListingFlags,
): string {
  if (flags.quiet === true) return rows.map((row) => `${cell(row, columns[0])}\n`).join('');
  const format = flags.output ?? flags.format ?? 'table';
  if (flags.output !== undefined && !['json', 'table'].includes(flags.output)) {
    throw new DomainError('invalid', `Unknown output "${flags.output}": json or table`);
  }
  if (format === 'table') return renderTable(rows, columns);
  // One array for -o json; one line an object for --format json, as Docker has it.
  if (flags.output === 'json') return `${JSON.stringify(rows, null, 2)}\n`;
  if (format === 'json') return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  if (format.startsWith('table ')) return renderTableTemplate(rows, format.slice(6));
  const template = compileTemplate(format);
  return rows.map((row) => `${template(row)}\n`).join('');
}

export function renderTable(rows: readonly Row[], columns: readonly Column[]): string {
  const lines = [columns.map(({ title }) => title)];
  for (const row of rows) lines.push(columns.map((column) => cell(row, column)));
  return alignColumns(lines);
}

/** Columns as wide as their widest cell and three spaces; the last one as it is. */
export function alignColumns(lines: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const line of lines) {
    for (const [index, text] of line.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, widthOf(text));
    }
  }
  return lines
    .map((line) => {
      const cells = line.map((text, index) =>
        index === line.length - 1 ? text : text + ' '.repeat((widths[index] ?? 0) - widthOf(text)),
      );
      return `${cells.join('   ')}\n`;
    })
    .join('');
}

/** Characters as people count them, not UTF-16 units. */
function widthOf(text: string): number {
  return Array.from(text).length;
}

/** The titles are the fields' names in capitals, since a template says no more. */
function renderTableTemplate(rows: readonly Row[], format: string): string {
  const template = compileTemplate(format);
  const titles = [...format.matchAll(/\{\{[^}]*?\.(\w+)[^}]*\}\}/g)].map(([, name = '']) =>
    name.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toUpperCase(),
  );
  const cells = rows.map((row) => template(row).split('\t'));
  return alignColumns([titles, ...cells]);
}

function cell(row: Row, column: Column | undefined): string {
  const value = column === undefined ? undefined : row[column.field];
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : '';
}
