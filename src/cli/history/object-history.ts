import { isList, isObject, type Json, type JsonObject, objectIn, textOf } from '../../api/json.ts';
import { DomainError } from '../../base/error.ts';
import { askCoordinator, type CoordinatorFlags } from '../ask-coordinator.ts';
import { formatSpan, printable } from '../format.ts';
import { renderListing } from '../listing.ts';
import { changedFields } from './changed-fields.ts';
import { findKindByWord, pathOf } from './find-kind.ts';
import { lineDiff } from './line-diff.ts';
import { type PastMoment, readPastMoment } from './past-moment.ts';

export interface ObjectHistoryFlags extends CoordinatorFlags {
  /** Absent for the list of changes. */
  readonly at?: string;
  readonly diff?: boolean;
  readonly last: string;
  readonly output?: string;
}

interface PastItem {
  readonly type: string;
  readonly revision: string;
  /** Milliseconds since 1970; undefined where the store cannot tell. */
  readonly timeMs: number | undefined;
  readonly object: JsonObject;
}

const columns = [
  { title: 'REVISION', field: 'Revision' },
  { title: 'TIME', field: 'Time' },
  { title: 'AGE', field: 'Age' },
  { title: 'CHANGE', field: 'Change' },
  { title: 'BY', field: 'By' },
  { title: 'FIELDS', field: 'Fields' },
];
const shownFields = 4;

/**
 * The changes of an object that the store still knows; with `diff` what each of them changed. With
 * `at` the object as it was then; with both, what is different since.
 */
export async function objectHistory(
  [word, name]: readonly [string, string],
  flags: ObjectHistoryFlags,
): Promise<string> {
  const path = pathOf(findKindByWord(word), flags.namespace, name);
  if (flags.at === undefined) {
    const limit = limitOf(flags);
    // One more, to know what the first one changed.
    const items = await readItems(`${path}/history?limit=${limit + 1}`, flags);
    const first = Math.max(0, items.length - limit);
    return flags.diff === true ? await diffsOf(items, { name, first }) : listingOf(items, flags);
  }
  const moment = readPastMoment(flags.at, Date.now());
  const then = await askCoordinator(`${path}/history?${queryOf(moment)}`, flags);
  if (flags.diff !== true) return await textOfObject(then, flags.output ?? 'yaml');
  const now = await askCoordinator(path, flags);
  const [before, after] = await Promise.all([textToCompare(then), textToCompare(now)]);
  const difference = lineDiff(before, after);
  return difference === '' ? '' : `--- ${name} ${flags.at}\n+++ ${name} now\n${difference}`;
}

function limitOf({ last }: ObjectHistoryFlags): number {
  if (/^[1-9]\d{0,3}$/.test(last)) return Number(last);
  throw new DomainError('invalid', `--last is "${last}", not a number from 1 to 9999`);
}

function queryOf(moment: PastMoment): string {
  if ('revision' in moment) return `resourceVersion=${moment.revision}`;
  return `at=${encodeURIComponent(new Date(moment.timeMs).toISOString())}`;
}

async function readItems(path: string, flags: CoordinatorFlags): Promise<PastItem[]> {
  const { items } = await askCoordinator(path, flags);
  return objectsOf(items).map((item) => {
    const timeMs = Date.parse(textOf(item['time']));
    return {
      type: textOf(item['type']),
      revision: textOf(item['resourceVersion']),
      timeMs: Number.isNaN(timeMs) ? undefined : timeMs,
      object: objectIn(item, 'object'),
    };
  });
}

function objectsOf(list: Json | undefined): JsonObject[] {
  return isList(list) ? list.filter((item) => isObject(item)) : [];
}

function listingOf(items: readonly PastItem[], flags: ObjectHistoryFlags): string {
  const limit = limitOf(flags);
  if (flags.output === 'json') return `${JSON.stringify(items.slice(-limit), null, 2)}\n`;
  const rows = items.map(({ type, revision, timeMs, object }, index) => ({
    Revision: revision,
    Time: timeMs === undefined ? '<unknown>' : new Date(timeMs).toISOString(),
    Age: timeMs === undefined ? '<unknown>' : formatSpan(Date.now() - timeMs),
    Change: words.get(type) ?? type,
    By: type === 'DELETED' ? '' : managerOf(object),
    Fields: printable(fieldsText(items[index - 1], type, object)),
  }));
  const { output } = flags;
  return renderListing(rows.slice(-limit), columns, output === undefined ? {} : { output });
}

const words = new Map([
  ['ADDED', 'created'],
  ['MODIFIED', 'changed'],
  ['DELETED', 'deleted'],
]);

/** Who wrote last, as managed fields tell. */
function managerOf(object: JsonObject): string {
  const managers = objectsOf(objectIn(object, 'metadata')['managedFields']);
  const last = managers.reduce<JsonObject | undefined>((newest, manager) => {
    return textOf(manager['time']) >= textOf(newest?.['time']) ? manager : newest;
  }, undefined);
  return printable(textOf(last?.['manager']));
}

function fieldsText(before: PastItem | undefined, type: string, object: JsonObject): string {
  if (type !== 'MODIFIED' || before === undefined) return '';
  const fields = changedFields(before.object, object);
  const more = fields.length - shownFields;
  return [...fields.slice(0, shownFields), ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

async function diffsOf(
  items: readonly PastItem[],
  { name, first }: { readonly name: string; readonly first: number },
): Promise<string> {
  const texts = await Promise.all(
    items.map(async ({ object, type }) => (type === 'DELETED' ? '' : await textToCompare(object))),
  );
  return items
    .map(({ revision, timeMs }, index) => {
      const title = (item: PastItem | undefined) => `${name} ${item?.revision ?? '0'}`;
      const time = timeMs === undefined ? '' : ` ${new Date(timeMs).toISOString()}`;
      const change = lineDiff(index === 0 ? '' : (texts[index - 1] ?? ''), texts[index] ?? '');
      return `--- ${title(items[index - 1])}\n+++ ${name} ${revision}${time}\n${change}`;
    })
    .slice(first)
    .join('');
}

/** Without what every change changes. */
async function textToCompare(object: JsonObject): Promise<string> {
  const metadata = { ...objectIn(object, 'metadata') };
  delete metadata['managedFields'];
  delete metadata['resourceVersion'];
  return await textOfObject({ ...object, metadata }, 'yaml');
}

async function textOfObject(object: JsonObject, output: string): Promise<string> {
  if (output === 'json') return `${JSON.stringify(object, null, 2)}\n`;
  if (output !== 'yaml') {
    throw new DomainError('invalid', `Unknown output "${output}": json or yaml`);
  }
  const { stringify } = await import('yaml');
  return stringify(object, { sortMapEntries: true, lineWidth: 0 });
}
