import { parse } from 'yaml';
import type { Stored } from '../../api/client/client.ts';
import type { Node } from '../../api/types/generated/core-v1.ts';
import { DomainError } from '../../base/error.ts';
import { isObject } from '../../base/is-object.ts';
import { canonical, networkOf } from '../../netlink/prefix.ts';

/** A machine of the cluster, as far as the overlay needs to know it. */
export interface OverlayNode {
  readonly name: string;
  /** Where other nodes reach it, one a family. */
  readonly addresses: readonly string[];
  /** The ranges of its pods' addresses, one a family. */
  readonly ranges: readonly string[];
}

/** From `spec.podCIDRs` and the addresses of type InternalIP; what is not in order is left out. */
export function overlayNodeOf({ metadata, spec, status }: Stored<Node>): OverlayNode {
  const ranges = spec?.podCIDRs ?? (spec?.podCIDR ? [spec.podCIDR] : []);
  const internal = (status?.addresses ?? []).filter(({ type }) => type === 'InternalIP');
  return {
    name: metadata.name,
    addresses: internal.flatMap(({ address }) => tidied(address, canonical)),
    ranges: ranges.flatMap((range) => tidied(range, networkOf)),
  };
}

function tidied(text: string, tidy: (text: string) => string): readonly string[] {
  try {
    return [tidy(text)];
  } catch {
    return [];
  }
}

/**
 * A file with the cluster's nodes, where there is no API to ask. YAML or JSON:
 * `nodes: [{name: host01, addresses: [192.168.61.11], ranges: [10.244.0.0/24]}]`.
 * Throws DomainError `invalid`, naming the entry.
 */
export function parseNodeFile(text: string): readonly OverlayNode[] {
  const document = readDocument(text);
  const list = isObject(document) ? document['nodes'] : undefined;
  if (!Array.isArray(list)) throw invalid('it has no list "nodes"');
  const nodes = list.map(nodeIn);
  const twice = nodes.find(({ name }, at) => nodes.some((one, i) => i < at && one.name === name));
  if (twice !== undefined) throw invalid(`"${twice.name}" stands in it twice`);
  return nodes;
}

function readDocument(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch (cause) {
    throw new DomainError('invalid', 'The file of nodes is not YAML', { cause });
  }
}

function nodeIn(entry: unknown, index: number): OverlayNode {
  if (!isObject(entry) || typeof entry['name'] !== 'string' || entry['name'] === '') {
    throw invalid(`entry ${index} has no name`);
  }
  const { name } = entry;
  const texts = (field: string, tidy: (text: string) => string) => {
    const value = entry[field];
    try {
      if (Array.isArray(value)) return value.map((one) => tidy(String(one)));
    } catch (cause) {
      throw new DomainError('invalid', `The file of nodes: "${name}": ${field}`, { cause });
    }
    throw invalid(`"${name}" has no list "${field}"`);
  };
  return { name, addresses: texts('addresses', canonical), ranges: texts('ranges', networkOf) };
}

function invalid(problem: string): DomainError {
  return new DomainError('invalid', `The file of nodes: ${problem}`);
}
