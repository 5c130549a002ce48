import type { Ingress, IngressBackend } from '../../api/types/generated/networking-v1.ts';
import { ingressSettings, type IngressSettings } from '../../api/ingress-settings.ts';

/** Where a request goes, and how. */
export interface Route extends IngressSettings {
  /** `default/web`: whose rule it is. */
  readonly ingress: string;
  readonly namespace: string;
  /** Empty for a backend that is no Service, which nobody answers for. */
  readonly service: string;
  /** A port of the Service by its number or its name. */
  readonly port: number | string;
}

export function routeOf(ingress: Ingress, backend: IngressBackend): Route {
  const { metadata } = ingress;
  const namespace = metadata.namespace ?? '';
  const { name = '', port } = backend.service ?? {};
  return {
    ingress: `${namespace}/${metadata.name ?? ''}`,
    namespace,
    service: name,
    port: port?.name ?? port?.number ?? 0,
    ...ingressSettings(ingress),
  };
}
