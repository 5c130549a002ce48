import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { Fields } from '../../src/cni/json.ts';
import type { PluginRequest } from '../../src/cni/plugin.ts';

export type IngressPolicy = 'open' | 'same-bridge' | 'isolated';

export interface FirewallConfiguration {
  readonly backend: 'nftables' | 'iptables';
  readonly ingressPolicy: IngressPolicy;
  /** The chain that the administrator's own rules stand in; they go before ours. */
  readonly adminChain: string;
}

const policies = new Set(['open', 'same-bridge', 'isolated']);
const defaultAdminChain = 'CNI-ADMIN';

/** Throws CniError 2 and 7. */
export function parseConfiguration({ config }: PluginRequest): FirewallConfiguration {
  const fields = new Fields(config, 'the firewall configuration');
  const policy = fields.string('ingressPolicy') || 'open';
  if (!isPolicy(policy)) refuse(`unknown ingress policy: "${policy}"`);
  const adminChain = fields.string('iptablesAdminChainName') || defaultAdminChain;
  if (!/^[A-Za-z0-9_][A-Za-z0-9_-]{0,27}$/.test(adminChain)) {
    refuse(`"${adminChain.slice(0, 60)}" is no name for a chain`);
  }
  fields.string('firewalldZone');
  return { backend: backendIn(fields), ingressPolicy: policy, adminChain };
}

/** Other words mean "whatever this host has" to the reference; to us that is nf_tables. */
function backendIn(fields: Fields): FirewallConfiguration['backend'] {
  const backend = fields.string('backend');
  if (backend !== 'firewalld') return backend === 'iptables' ? 'iptables' : 'nftables';
  throw new CniError(
    CniCode.unsupportedField,
    'Cannot use the backend "firewalld": keelson does not speak to it over D-Bus',
    'firewalld works by nf_tables too: leave "backend" out, and put the pods\' network into a zone',
  );
}

function isPolicy(policy: string): policy is IngressPolicy {
  return policies.has(policy);
}

function refuse(problem: string): never {
  throw new CniError(CniCode.invalidConfiguration, problem);
}
