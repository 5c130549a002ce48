import { type JsonObject, objectIn, textOf } from '../../api/json.ts';
import { findKind } from '../../api/kinds.ts';
import { badRequest } from '../../api/status.ts';
import { entries } from '../../api/validate/check.ts';
import type { Api } from '../api.ts';
import type { Place } from '../registry.ts';
import type { Target } from './target.ts';

/** A pod's kubelet with the path there; undefined for a pod that has no node yet. */
export async function locateAtKubelet(
  api: Api,
  pod: JsonObject,
  path: string,
): Promise<Target | undefined> {
  const kind = findKind('v1', 'Node');
  const name = textOf(objectIn(pod, 'spec')['nodeName']);
  if (kind === undefined || name === '') return undefined;
  return api.kubelets.targetOf(await api.registry.get({ kind, namespace: '', name }), path);
}

/** `/exec/default/web/nginx` and the like. */
export function kubeletPath(verb: string, place: Place, container?: string): string {
  const parts = [
    verb,
    place.namespace,
    place.name,
    ...(container === undefined ? [] : [container]),
  ];
  return parts.map((part) => `/${encodeURIComponent(part)}`).join('');
}

/** Which container is meant. Throws `BadRequest` where a pod has several and none is named. */
export function chooseContainer(pod: JsonObject, name: string, asked: string): string {
  const spec = objectIn(pod, 'spec');
  const names = (field: string) => entries(spec[field]).map((entry) => textOf(entry['name']));
  const containers = names('containers');
  const initial = names('initContainers');
  const ephemeral = names('ephemeralContainers');
  if (asked !== '') {
    if ([...containers, ...initial, ...ephemeral].includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${name}`);
  }
  const [first] = containers;
  if (containers.length === 1 && first !== undefined) return first;
  const others = [
    initial.length > 0 ? ` or one of the init containers: [${initial.join(' ')}]` : '',
    ephemeral.length > 0 ? ` or one of the ephemeral containers: [${ephemeral.join(' ')}]` : '',
  ].join('');
  throw badRequest(
    `a container name must be specified for pod ${name}, choose one of: ` +
      `[${containers.join(' ')}]${others}`,
  );
}
