import type { Service } from '../../api/types/generated/core-v1.ts';

/**
 * What containers are told of the services that are there when they start: those of their
 * namespace, and the API server, which every pod may call.
 */
export function serviceVariables(
  services: readonly Service[],
  namespace: string,
  links: boolean,
): Map<string, string> {
  const variables = new Map<string, string>();
  const told = services.filter((service) => {
    const { clusterIP = '' } = service.spec ?? {};
    if (clusterIP === '' || clusterIP === 'None') return false;
    return isApi(service) || (links && service.metadata.namespace === namespace);
  });
  // The namespace's own service of that name comes last and wins.
  const ordered = told.toSorted((a, b) => Number(isApi(b)) - Number(isApi(a)));
  for (const service of ordered) addService(variables, service);
  return variables;
}

function isApi({ metadata }: Service): boolean {
  return metadata.namespace === 'default' && metadata.name === 'kubernetes';
}

function addService(variables: Map<string, string>, { metadata, spec }: Service): void {
  const prefix = variableName(metadata.name ?? '');
  const host = spec?.clusterIP ?? '';
  const ports = spec?.ports ?? [];
  variables.set(`${prefix}_SERVICE_HOST`, host);
  variables.set(`${prefix}_SERVICE_PORT`, String(ports[0]?.port ?? ''));
  for (const { name = '', port } of ports) {
    if (name !== '') variables.set(`${prefix}_SERVICE_PORT_${variableName(name)}`, String(port));
  }
  for (const [index, { port, protocol = 'TCP' }] of ports.entries()) {
    const address = host.includes(':') ? `[${host}]` : host;
    const url = `${protocol.toLowerCase()}://${address}:${port}`;
    if (index === 0) variables.set(`${prefix}_PORT`, url);
    const own = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`;
    variables.set(own, url);
    variables.set(`${own}_PROTO`, protocol.toLowerCase());
    variables.set(`${own}_PORT`, String(port));
    variables.set(`${own}_ADDR`, host);
  }
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}
