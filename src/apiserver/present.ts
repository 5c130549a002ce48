import type { JsonObject } from '../api/json.ts';
import type { Kind } from '../api/kind.ts';
import { renderTable } from '../api/table/table.ts';
import { fromStored } from '../api/convert/convert.ts';
import type { Entry } from '../store/store.ts';
import { decodeObject, listText, metadataOf } from './object-text.ts';
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
  const { kind, form } = presentation;
  if (form.as === 'object') {
    return listText(
      kind,
      metadata,
      entries.map((entry) => textAs(kind, entry)),
    );
  }
  const objects = entries.map(decodeObject);
  if (form.as === 'Table') return JSON.stringify(tableOf(presentation, objects, metadata));
  const items = objects.map((object) => partOf(form, object));
  const list = { kind: 'PartialObjectMetadataList', apiVersion: form.apiVersion, metadata, items };
  return JSON.stringify(list);
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
  const table = renderTable(kind.kind, objects, {
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
