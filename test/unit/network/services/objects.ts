import type { Service } from '../../../../src/api/types/generated/core-v1.ts';
import type { Endpoint, EndpointSlice } from '../../../../src/api/types/generated/discovery-v1.ts';
import type { NodeView } from '../../../../src/network/services/node-view.ts';

/** `default/web` at 10.96.0.1:80 over TCP, unless told otherwise. */
export function service(spec: Partial<Service['spec']> = {}, name = 'web'): Service {
  return {
    metadata: { namespace: 'default', name },
    spec: { clusterIP: '10.96.0.1', ports: [{ port: 80 }], ...spec },
  };
}

export function slice(
  endpoints: readonly (Endpoint | string)[],
  rest: Partial<EndpointSlice> = {},
): EndpointSlice {
  return {
    metadata: {
      namespace: 'default',
      name: 'web-abcde',
      labels: { 'kubernetes.io/service-name': 'web' },
    },
    addressType: 'IPv4',
    ports: [{ name: '', protocol: 'TCP', port: 8080 }],
    ...rest,
    endpoints: endpoints.map((one) =>
      typeof one === 'string' ? { addresses: [one], nodeName: 'other' } : one,
    ),
  };
}

export const node: NodeView = {
  name: 'host01',
  zone: 'a',
  addresses: ['192.168.1.1', '2001:db8::1'],
  podCidrs: ['10.244.0.0/24'],
  serviceCidrs: ['10.96.0.0/12'],
  ownAddresses: ['10.96.0.10'],
};
