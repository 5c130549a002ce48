import { Fields } from '../src/cni/json.ts';
import type { PluginRequest } from '../src/cni/plugin.ts';
import { decodeResult, type ResultDns } from '../src/cni/result.ts';

/** The field `dns` of a plugin's configuration where it says something. Throws CniError 7. */
export function configuredDns({ config }: PluginRequest): ResultDns | undefined {
  const dns = new Fields(config, 'the network configuration').object('dns');
  if (dns === undefined || Object.keys(dns).length === 0) return undefined;
  return decodeResult({ dns }, '1.1.0').dns;
}

export const noDns: ResultDns = { nameservers: [], search: [], options: [] };
