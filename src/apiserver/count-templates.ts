import { type Draft, equal, type JsonObject, objectIn, textOf } from '../api/json.ts';

const annotation = 'deprecated.daemonset.template.generation';

/** How often a daemon set's template has changed stands where old clients look for it. */
export function countTemplates(set: Draft, old: JsonObject | undefined): void {
  const metadata = set['metadata'] as Draft;
  const count =
    old === undefined ? 1 : countOf(old) + (equal(templateOf(set), templateOf(old)) ? 0 : 1);
  metadata['annotations'] = {
    [annotation]: String(count),
    ...withoutCount(objectIn(metadata, 'annotations')),
  };
}

function countOf(set: JsonObject): number {
  const counted = textOf(objectIn(objectIn(set, 'metadata'), 'annotations')[annotation]);
  return /^\d{1,9}$/.test(counted) ? Number(counted) : 1;
}

function templateOf(set: JsonObject): JsonObject {
  return objectIn(objectIn(set, 'spec'), 'template');
}

function withoutCount({ [annotation]: _count, ...others }: JsonObject): JsonObject {
  return others;
}
