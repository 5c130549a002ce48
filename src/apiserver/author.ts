import type { Author } from '../api/apply/manage.ts';
import { apiVersionOf, type Kind } from '../api/kind.ts';
import { writeTime } from '../api/time.ts';
import type { WriteOptions } from './api.ts';

/** Who is written down as the manager of what a request changes. */
export function authorNow(
  { fieldManager }: WriteOptions,
  {
    kind,
    subresource,
    now,
  }: { readonly kind: Kind; readonly subresource: string; readonly now: Date },
): Author {
  return {
    name: fieldManager,
    apiVersion: apiVersionOf(kind),
    subresource,
    time: writeTime(Math.floor(now.getTime() / 1000)),
  };
}
