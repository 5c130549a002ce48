import { type Kind } from '../../api/kind.ts';
import { findKind } from '../../api/kinds.ts';
import { forbidden, notFound } from '../../api/status.ts';
import type { Api } from '../api.ts';
import { isDeleting } from '../metadata.ts';
import type { Place } from '../registry.ts';

/** A namespace has to be there, and not about to go. */
export async function admitNamespace({ registry }: Api, place: Place): Promise<void> {
  if (!place.kind.namespaced || place.kind.virtual) return;
  const namespace = await registry.find({
    kind: namespaceKind(),
    namespace: '',
    name: place.namespace,
  });
  if (namespace === undefined) throw notFound(namespaceKind(), place.namespace);
  if (!isDeleting(namespace)) return;
  const { namespace: name } = place;
  const why = `unable to create new content in namespace ${name} because it is being terminated`;
  throw forbidden(place.kind, place.name, why);
}

function namespaceKind(): Kind {
  const kind = findKind('v1', 'Namespace');
  if (kind === undefined) throw new Error('no kind Namespace');
  return kind;
}
