import type { Kind } from '../../api/kind.ts';

/** The kind of the Network Plumbing Working Group, which a CustomResourceDefinition makes. */
export const networkDefinitionKind: Kind = {
  group: 'k8s.cni.cncf.io',
  version: 'v1',
  kind: 'NetworkAttachmentDefinition',
  plural: 'network-attachment-definitions',
  singular: 'network-attachment-definition',
  shortNames: ['net-attach-def'],
  categories: [],
  namespaced: true,
  subresources: [],
  type: 'io.cncf.cni.k8s.v1.NetworkAttachmentDefinition',
  prefix: '/registry/k8s.cni.cncf.io/network-attachment-definitions/',
  virtual: false,
  measured: false,
  storedAs: undefined,
  builtIn: '',
};
