import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { Fields } from '../../src/cni/json.ts';
import type { PluginRequest } from '../../src/cni/plugin.ts';

export type IngressPolicy = 'open' | 'same-bridge' | 'isolated';

export interface FirewallConfiguration {
  /** `automatic`: firewalld where it runs, as with the reference; else nf_tables. */
  readonly backend: 'automatic' | 'firewalld' | 'iptables';
  /** Of firewalld. */
  readonly zone: string;
  readonly ingressPolicy: IngressPolicy;
  /** The chain that the administrator's own rules stand in; they go before ours. */
  readonly adminChain: string;
}

const policies = new Set(['open', 'same-bridge', 'isolated']);
const defaultAdminChain = 'CNI-ADMIN';
const defaultZone = 'trusted';

/** Throws CniError 7. */
export function parseConfiguration({ config }: PluginRequest): FirewallConfiguration {
  const fields = new Fields(config, 'the firewall configuration');
  const policy = fields.string('ingressPolicy') || 'open';
  if (!isPolicy(policy)) refuse(`unknown ingress policy: "${policy}"`);
  const adminChain = fields.string('iptablesAdminChainName') || defaultAdminChain;
  if (!/^[A-Za-z0-9_][A-Za-z0-9_-]{0,27}$/.test(adminChain)) {
    refuse(`"${adminChain.slice(0, 60)}" is no name for a chain`);
  }
  const zone = fields.string('firewalldZone') || defaultZone;
  if (!/^[\w/-]{1,64}$/.test(zone)) refuse(`"${zone.slice(0, 60)}" is no name for a zone`);
  return { backend: backendIn(fields), zone, ingressPolicy: policy, adminChain };
}

/** Other words mean "whatever this host has", as they do to the reference. */
function backendIn(fields: Fields): FirewallConfiguration['backend'] {
  const backend = fields.string('backend');
  return backend === 'iptables' || backend === 'firewalld' ? backend : 'automatic';
}

function isPolicy(policy: string): policy is IngressPolicy {
  return policies.has(policy);
}

function refuse(problem: string): never {
  throw new CniError(CniCode.invalidConfiguration, problem);
}
