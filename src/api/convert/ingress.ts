import { type Draft, isList, isObject, type Json, type JsonObject } from '../json.ts';

/** Before 1.19 a backend was `serviceName` and `servicePort`, and the default one `backend`. */
export function ingressToStored(object: JsonObject): JsonObject {
  return mapSpec(object, ({ backend, ...spec }) => ({
    ...spec,
    ...(backend !== undefined && { defaultBackend: backendToStored(backend) }),
    ...mapRules(spec['rules'], (path) => ({
      pathType: 'ImplementationSpecific',
      ...path,
      ...(path['backend'] !== undefined && { backend: backendToStored(path['backend']) }),
    })),
  }));
}

export function ingressFromStored(object: JsonObject): JsonObject {
  return mapSpec(object, ({ defaultBackend, ...spec }) => ({
    ...spec,
    ...(defaultBackend !== undefined && { backend: backendFromStored(defaultBackend) }),
    ...mapRules(spec['rules'], ({ pathType, ...path }) => ({
      ...path,
      // A second apply of an old manifest, which has no such field, shall change nothing.
      ...(pathType !== 'ImplementationSpecific' && { pathType }),
      ...(path['backend'] !== undefined && { backend: backendFromStored(path['backend']) }),
    })),
  }));
}

function mapSpec(object: JsonObject, change: (spec: JsonObject) => JsonObject): JsonObject {
  const { spec } = object;
  return isObject(spec) ? { ...object, spec: change(spec) } : object;
}

function mapRules(rules: Json | undefined, change: (path: JsonObject) => JsonObject): Draft {
  if (!isList(rules)) return {};
  return {
    rules: rules.map((rule) => {
      const http = isObject(rule) ? rule['http'] : undefined;
      const paths = isObject(http) ? http['paths'] : undefined;
      if (!isObject(rule) || !isObject(http) || !isList(paths)) return rule;
      const changed = paths.map((path) => (isObject(path) ? change(path) : path));
      return { ...rule, http: { ...http, paths: changed } };
    }),
  };
}

function backendToStored(backend: Json): Json {
  if (!isObject(backend)) return backend;
  const { serviceName, servicePort, ...rest } = backend;
  if (serviceName === undefined) return rest;
  const port = typeof servicePort === 'number' ? { number: servicePort } : { name: servicePort };
  return { ...rest, service: { name: serviceName, ...(servicePort !== undefined && { port }) } };
}

function backendFromStored(backend: Json): Json {
  if (!isObject(backend) || !isObject(backend['service'])) return backend;
  const { service, ...rest } = backend;
  const port = isObject(service['port']) ? service['port'] : {};
  const servicePort = port['number'] ?? port['name'];
  return {
    ...rest,
    serviceName: service['name'],
    ...(servicePort !== undefined && { servicePort }),
  };
}
