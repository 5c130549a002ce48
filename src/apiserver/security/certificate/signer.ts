import type * as certificatesV1 from '../../../api/types/generated/certificates-v1.ts';
import { groupsOfAll } from '../user.ts';
import type { ParsedRequest } from './parse-request.ts';

type CertificateSigningRequestSpec = certificatesV1.CertificateSigningRequestSpec;

/** Who signs which requests, and what each asks of them. */
export interface Signer {
  readonly usage: 'client' | 'server';
  /** What is wrong with a request; undefined when nothing is. */
  faultOf(request: ParsedRequest, spec: CertificateSigningRequestSpec): string | undefined;
}

export const signerNames = {
  client: 'kubernetes.io/kube-apiserver-client',
  kubelet: 'kubernetes.io/kube-apiserver-client-kubelet',
  serving: 'kubernetes.io/kubelet-serving',
} as const;

const nodePrefix = 'system:node:';

/** Those that the coordinator signs for; others wait for somebody who does. */
export const signers: Readonly<Record<string, Signer>> = {
  [signerNames.client]: {
    usage: 'client',
    faultOf: (_request, spec) =>
      usageFault(spec, {
        needed: ['client auth'],
        allowed: ['digital signature', 'key encipherment'],
      }),
  },
  [signerNames.kubelet]: {
    usage: 'client',
    faultOf: (request, spec) => nodeFault(request) ?? clientFault(request, spec),
  },
  [signerNames.serving]: {
    usage: 'server',
    faultOf: (request, spec) => nodeFault(request) ?? servingFault(request, spec),
  },
};

function nodeFault({ organizations, commonName }: ParsedRequest): string | undefined {
  if (organizations.length !== 1 || organizations[0] !== groupsOfAll.nodes) {
    return `subject organization is not ${groupsOfAll.nodes}`;
  }
  if (!commonName.startsWith(nodePrefix) || commonName === nodePrefix) {
    return `subject common name does not begin with ${nodePrefix}`;
  }
  return undefined;
}

/** What a kubelet's client certificate has to be; also what may be approved by itself. */
export function clientFault(
  request: ParsedRequest,
  spec: CertificateSigningRequestSpec,
): string | undefined {
  if (request.names.length > 0) return 'DNS or IP subjectAltNames are not allowed';
  if (request.hasOtherNames) return 'email or URI subjectAltNames are not allowed';
  return usageFault(spec, {
    needed: ['digital signature', 'client auth'],
    allowed: ['key encipherment'],
  });
}

function servingFault(
  request: ParsedRequest,
  spec: CertificateSigningRequestSpec,
): string | undefined {
  if (request.hasOtherNames) return 'email or URI subjectAltNames are not allowed';
  if (request.names.length === 0) return 'at least one DNS or IP subjectAltName is required';
  // Or one node would be another's server.
  if (spec.username !== request.commonName) {
    return 'requesting user and subject common name do not match';
  }
  return usageFault(spec, {
    needed: ['digital signature', 'server auth'],
    allowed: ['key encipherment'],
  });
}

function usageFault(
  { usages = [] }: CertificateSigningRequestSpec,
  { needed, allowed }: { readonly needed: readonly string[]; readonly allowed: readonly string[] },
): string | undefined {
  const missing = needed.some((usage) => !usages.includes(usage));
  const excess = usages.some((usage) => !needed.includes(usage) && !allowed.includes(usage));
  return missing || excess ? `usages did not match [${needed.join(' ')}]` : undefined;
}
