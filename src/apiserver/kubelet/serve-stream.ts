import { badRequest } from '../../api/status.ts';
import type { Api } from '../api.ts';
import { type Exchange, placeOfRoute } from '../exchange.ts';
import { chooseContainer, kubeletPath, locateAtKubelet } from './locate-container.ts';
import { passUpgrade } from './pass-upgrade.ts';

const kubeletVerbs: Readonly<Record<string, string>> = {
  exec: 'exec',
  attach: 'attach',
  portforward: 'portForward',
};

/** What clients call it, and what kubelets do. */
const streams = [
  ['stdin', 'input'],
  ['stdout', 'output'],
  ['stderr', 'error'],
  ['tty', 'tty'],
] as const;

/** `exec`, `attach` and `portforward` of a pod: its kubelet speaks with the client. */
export async function serveStream(api: Api, exchange: Exchange): Promise<void> {
  const { route, query, upgrade, signal } = exchange;
  const place = placeOfRoute(route);
  const pod = await api.registry.get(place);
  const verb = kubeletVerbs[route.subresource ?? ''] ?? '';
  const forwards = verb === 'portForward';
  const container = forwards
    ? undefined
    : chooseContainer(pod, place.name, query.get('container') ?? '');
  const words = forwards ? forwardQuery(query) : commandQuery(query);
  const path = kubeletPath(verb, place, container) + (words === '' ? '' : `?${words}`);
  const target = await locateAtKubelet(api, pod, path);
  if (target === undefined) throw badRequest(`pod ${place.name} does not have a host assigned`);
  if (upgrade === undefined) throw badRequest('Upgrade request required');
  await passUpgrade(api.kubelets, target, { upgrade, signal });
}

function commandQuery(query: URLSearchParams): string {
  const asked = new URLSearchParams();
  for (const [name, own] of streams) {
    if (isTrue(query.get(name))) asked.append(own, '1');
  }
  for (const word of query.getAll('command')) asked.append('command', word);
  return asked.toString();
}

function forwardQuery(query: URLSearchParams): string {
  const ports = query.getAll('ports').concat(query.getAll('port'));
  return new URLSearchParams(ports.map((port): [string, string] => ['port', port])).toString();
}

function isTrue(word: string | null): boolean {
  return word === 'true' || word === '1';
}
