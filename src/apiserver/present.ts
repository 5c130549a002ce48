import type { JsonObject } from '../api/json.ts';
import { apiVersionOf, type Kind } from '../api/kind.ts';
import { renderTable } from '../api/table/table.ts';
import { fromStored } from '../api/convert/convert.ts';
import type { Entry } from '../store/store.ts';
import { decodeObject, metadataOf } from './object-text.ts';
import type { Form } from './negotiate.ts';
import { textAs } from './object-text.ts';

/** How one request's answers look. */
export interface Presentation {
  /** In the version of the path. */
  readonly kind: Kind;
  readonly form: Form;
  readonly includeObject: 'None' | 'Metadata' | 'Object';
  readonly nowMs: number;
}

/** One object that is at hand in its stored form. */
export function presentObject(presentation: Presentation, object: JsonObject): string {
  const { kind, form } = presentation;
  if (form.as === 'object') return JSON.stringify(fromStored(kind, object));
  if (form.as === 'Table') {
    const { resourceVersion } = metadataOf(object);
    return JSON.stringify(tableOf(presentation, [object], { resourceVersion }));
  }
  return JSON.stringify(partOf(form, object));
}

/** One entry: mostly bytes of the store. */
export function presentEntry(presentation: Presentation, entry: Entry): string {
  if (presentation.form.as === 'object') return textAs(presentation.kind, entry);
  return presentObject(presentation, decodeObject(entry));
}

export function presentList(
  presentation: Presentation,
  metadata: JsonObject,
  entries: readonly Entry[],
): string {
  const items = entries.map((entry) => presentItem(presentation, entry));
  return listText(presentation, metadata, items);
}

/** One of a list's items, or rows. */
export function presentItem(presentation: Presentation, entry: Entry): string {
  const { kind, form } = presentation;
  if (form.as === 'object') return textAs(kind, entry);
  const object = decodeObject(entry);
  if (form.as !== 'Table') return JSON.stringify(partOf(form, object));
  const [row] = tableOf(presentation, [object], {})['rows'] as readonly JsonObject[];
  return JSON.stringify(row);
}

/** A whole list around its items. */
export function listText(
  presentation: Presentation,
  metadata: JsonObject | undefined,
  items: readonly string[],
): string {
  return `${listHead(presentation, metadata)}${items.join(',')}]}`;
}

/** How a list begins, up to its first item; what of its metadata is not known yet may come last. */
export function listHead(presentation: Presentation, metadata: JsonObject | undefined): string {
  const { kind, form } = presentation;
  const told = metadata !== undefined && { metadata };
  if (form.as === 'Table') {
    const { columnDefinitions } = tableOf(presentation, [], {});
    return headText(
      { kind: 'Table', apiVersion: form.apiVersion, ...told, columnDefinitions },
      'rows',
    );
  }
  return form.as === 'object'
    ? headText(
        {
          kind: kind.custom?.listKind ?? `${kind.kind}List`,
          apiVersion: apiVersionOf(kind),
          ...told,
        },
        'items',
      )
    : headText(
        { kind: 'PartialObjectMetadataList', apiVersion: form.apiVersion, ...told },
        'items',
      );
}

function headText(fields: JsonObject, last: string): string {
  return `${JSON.stringify(fields).slice(0, -1)},"${last}":[`;
}

/** An object in a watch; the columns of a table come with the first. */
export function presentEvent(presentation: Presentation, entry: Entry, first: boolean): string {
  if (presentation.form.as !== 'Table') return presentEntry(presentation, entry);
  const object = decodeObject(entry);
  const { resourceVersion } = metadataOf(object);
  return JSON.stringify({
    ...tableOf(presentation, [object], { resourceVersion }),
    ...(!first && { columnDefinitions: [] }),
  });
}

function tableOf(
  { kind, form, includeObject, nowMs }: Presentation,
  objects: readonly JsonObject[],
  listMetadata: JsonObject,
): JsonObject {
  const table = renderTable(kind, objects, {
    nowMs,
    include: includeObject,
    apiVersion: form.apiVersion,
    listMetadata,
    withColumns: true,
  });
  if (includeObject !== 'Object') return table;
  return { ...table, rows: withVersions(kind, table['rows'] as readonly JsonObject[]) };
}

function withVersions(kind: Kind, rows: readonly JsonObject[]): readonly JsonObject[] {
  return rows.map((row) => ({ ...row, object: fromStored(kind, row['object'] as JsonObject) }));
}

function partOf({ apiVersion }: Form, object: JsonObject): JsonObject {
  return { kind: 'PartialObjectMetadata', apiVersion, metadata: object['metadata'] };
}
