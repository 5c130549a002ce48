import { isIP } from 'node:net';
import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { Fields } from '../../src/cni/json.ts';
import type { PluginRequest } from '../../src/cni/plugin.ts';
import { familyOf } from '../../src/cni/result.ts';

export interface SbrConfiguration {
  /** Only rules are made, to this table: its routes are the administrator's. */
  readonly table: number | undefined;
  /** In place of those of the addresses; at most one a family. */
  readonly gateways: Readonly<Partial<Record<4 | 6, string>>>;
  /** Keeps the routes to the networks in the main table, with the address as their source. */
  readonly addSourceHints: boolean;
}

/** Throws CniError 7. */
export function parseConfiguration({ config }: PluginRequest): SbrConfiguration {
  const fields = new Fields(config, 'the sbr configuration');
  const table = fields.index('table');
  if (table !== undefined && (table === 0 || table > 0xffffffff)) {
    fields.fail('table', 'is no number of a routing table');
  }
  return {
    table,
    gateways: parseGateways(fields.strings('gateways')),
    addSourceHints: fields.boolean('addSourceHints'),
  };
}

function parseGateways(texts: readonly string[]): SbrConfiguration['gateways'] {
  if (texts.length > 2) {
    refuse('gateways list cannot contain more than 2 entries (one IPv4, one IPv6)');
  }
  const found: Partial<Record<4 | 6, string>> = {};
  for (const text of texts) {
    if (isIP(text) === 0) refuse(`invalid static gateway IP address: ${text}`);
    const family = familyOf(text);
    if (found[family] !== undefined) {
      refuse(
        `gateways list contains multiple IPv${family} addresses: ${found[family]} and ${text}`,
      );
    }
    found[family] = text;
  }
  return found;
}

function refuse(problem: string): never {
  throw new CniError(CniCode.invalidConfiguration, problem);
}
