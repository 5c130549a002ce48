import { randomInt } from 'node:crypto';
import { type JsonObject, objectIn, textOf } from '../../api/json.ts';
import { findKind } from '../../api/kinds.ts';
import { ApiError } from '../../api/status.ts';
import { entries } from '../../api/validate/check.ts';
import type { Api } from '../api.ts';
import type { Place } from '../registry.ts';
import type { ProxyName } from './proxy-name.ts';
import type { Target } from './target.ts';

/** One of a service's endpoints that are ready. Throws `ServiceUnavailable` without any. */
export async function locateService(
  api: Api,
  place: Place,
  { scheme, port, path }: ProxyName & { readonly path: string },
): Promise<Target> {
  const service = await api.registry.get(place);
  const name = portName(service, port);
  const kind = findKind('v1', 'Endpoints');
  const endpoints = kind === undefined ? undefined : await api.registry.find({ ...place, kind });
  const found = entries(endpoints?.['subsets']).flatMap((subset) =>
    entries(subset['ports'])
      .filter((entry) => name === undefined || textOf(entry['name']) === name)
      .flatMap((entry) =>
        entries(subset['addresses']).map((address) => ({
          host: textOf(address['ip']),
          port: Number(entry['port']),
        })),
      ),
  );
  const chosen = found.length === 0 ? undefined : found[randomInt(found.length)];
  if (chosen === undefined || name === undefined) throw unavailable(place.name);
  return { tls: scheme === 'https', ...chosen, path };
}

/** What the port asked for is called; undefined when the service does not have it. */
function portName(service: JsonObject, asked: string): string | undefined {
  const ports = entries(objectIn(service, 'spec')['ports']);
  const [only] = ports;
  if (asked === '') return ports.length === 1 ? textOf(only?.['name']) : '';
  const found = ports.find((port) =>
    /^\d+$/.test(asked) ? port['port'] === Number(asked) : port['name'] === asked,
  );
  return found === undefined ? undefined : textOf(found['name']);
}

function unavailable(name: string): ApiError {
  return new ApiError(
    'ServiceUnavailable',
    `no endpoints available for service ${JSON.stringify(name)}`,
  );
}
