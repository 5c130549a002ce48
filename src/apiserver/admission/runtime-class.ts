import { type Draft, isList, type JsonObject, objectIn, textOf } from '../../api/json.ts';
import { findKind } from '../../api/kinds.ts';
import { equal } from '../../api/json.ts';
import { forbidden } from '../../api/status.ts';
import type { Api } from '../api.ts';
import type { Place } from '../registry.ts';

/** What a pod's runtime class asks of it: the class has to be there. */
export async function admitRuntimeClass(api: Api, place: Place, pod: Draft): Promise<void> {
  const spec = pod['spec'] as Draft;
  const name = textOf(spec['runtimeClassName']);
  const kind = findKind('node.k8s.io/v1', 'RuntimeClass');
  if (name === '' || kind === undefined) return;
  const found = await api.registry.find({ kind, namespace: '', name });
  if (found === undefined) {
    const why = `pod rejected: RuntimeClass "${name}" not found`;
    throw forbidden(place.kind, place.name, why);
  }
  const { podFixed } = objectIn(found, 'overhead');
  if (podFixed !== undefined) {
    if (spec['overhead'] !== undefined && !equal(spec['overhead'], podFixed)) {
      const why = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";
      throw forbidden(place.kind, place.name, why);
    }
    spec['overhead'] = podFixed;
  }
  addScheduling(spec, objectIn(found, 'scheduling'));
}

function addScheduling(spec: Draft, scheduling: JsonObject): void {
  const selector = objectIn(scheduling, 'nodeSelector');
  if (Object.keys(selector).length > 0) {
    spec['nodeSelector'] = { ...objectIn(spec, 'nodeSelector'), ...selector };
  }
  const { tolerations } = scheduling;
  if (!isList(tolerations) || tolerations.length === 0) return;
  const own = isList(spec['tolerations']) ? spec['tolerations'] : [];
  const others = tolerations.filter((entry) => !own.some((known) => equal(known, entry)));
  spec['tolerations'] = [...own, ...others];
}
