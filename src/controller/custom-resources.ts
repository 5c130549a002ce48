import type { ApiObject, Resource } from '../api/client/resources.ts';
import { resourceOfKind } from '../api/client/resources.ts';
import { isEstablished, storedKindOf } from '../api/custom/kinds-of-definition.ts';

/** The collections that definitions have made, each in the version that is stored. */
export function customResources(definitions: readonly ApiObject[]): readonly Resource<ApiObject>[] {
  return definitions
    .filter(isEstablished)
    .map(storedKindOf)
    .filter((kind) => kind !== undefined)
    .map(resourceOfKind);
}
