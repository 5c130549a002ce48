import type { KnownExpression } from '../../netlink/nftables/expression.ts';
import { registerAt } from '../../netlink/nftables/field.ts';

export type Expressions = readonly KnownExpression[];

/** What the two families differ in. */
export interface Layout {
  readonly family: 4 | 6;
  readonly addressBytes: 4 | 16;
}

export const layouts: Readonly<Record<4 | 6, Layout>> = {
  4: { family: 4, addressBytes: 4 },
  6: { family: 6, addressBytes: 16 },
};

const addressOffset = { source: { 4: 12, 6: 8 }, destination: { 4: 16, 6: 24 } } as const;

/** Bytes of a frontend in the registers, where each field is padded to 4. */
export function frontendBytes({ addressBytes }: Layout): number {
  return addressBytes + 8;
}

export function loadAddress(
  { family, addressBytes }: Layout,
  which: 'source' | 'destination',
  offset: number,
): KnownExpression {
  return {
    name: 'payload',
    register: registerAt(offset),
    base: 'network',
    offset: addressOffset[which][family],
    length: addressBytes,
  };
}

/** `ip daddr . meta l4proto . th dport`, the key of all that is known by its frontend. */
export function loadFrontend(layout: Layout, offset: number): Expressions {
  const { addressBytes } = layout;
  const port = registerAt(offset + addressBytes + 4);
  return [
    loadAddress(layout, 'destination', offset),
    { name: 'meta', key: 'l4proto', register: registerAt(offset + addressBytes) },
    { name: 'payload', register: port, base: 'transport', offset: 2, length: 2 },
  ];
}

/** The same of the packet that began the connection, before its destination was translated. */
export function loadOriginalFrontend({ family, addressBytes }: Layout): Expressions {
  const direction = 0;
  const key = family === 4 ? 'destinationIp' : 'destinationIp6';
  return [
    { name: 'ct', key, direction, register: registerAt(0) },
    { name: 'meta', key: 'l4proto', register: registerAt(addressBytes) },
    { name: 'ct', key: 'destinationPort', direction, register: registerAt(addressBytes + 4) },
  ];
}

/** `ip daddr . meta l4proto . th dport . ip saddr`. */
export function loadClient(layout: Layout, offset: number): Expressions {
  const source = offset + frontendBytes(layout);
  return [...loadFrontend(layout, offset), loadAddress(layout, 'source', source)];
}

export function lookUp(set: string, from: number, to: number): KnownExpression {
  return { name: 'lookup', set, sourceRegister: registerAt(from), register: registerAt(to) };
}

/** Ends the rule unless the set has the key, or with `neq` when it has it. */
export function isIn(set: string, operator: 'eq' | 'neq' = 'eq'): KnownExpression {
  const inverted = 1;
  return {
    name: 'lookup',
    set,
    sourceRegister: registerAt(0),
    ...(operator === 'neq' && { flags: inverted }),
  };
}

export function randomBelow(count: number, offset: number): KnownExpression {
  const register = registerAt(offset);
  return { name: 'numgen', register, modulus: count, type: 'random', offset: 0 };
}

/**
 * A number that one look-up gives and the next one takes stands in the packet's priority between
 * them, since `nft` (1.0.6) aborts on listing a rule whose key is made of another look-up. It is
 * no harm: only the packet that begins a connection to a Service gets here, and forwarding works
 * the priority out anew. A mark would be somebody's.
 */
export function saveNumber(offset: number): KnownExpression {
  return { name: 'meta', key: 'priority', sourceRegister: registerAt(offset) };
}

export function loadNumber(offset: number): KnownExpression {
  return { name: 'meta', key: 'priority', register: registerAt(offset) };
}

/** `dnat to ... map @set` of what stands at the start of the registers. */
export function translateBy(set: string, { family, addressBytes }: Layout): Expressions {
  const withPort = 2;
  return [
    lookUp(set, 0, 0),
    {
      name: 'nat',
      type: 'dnat',
      family: family === 4 ? 2 : 10,
      addressRegister: registerAt(0),
      portRegister: registerAt(addressBytes),
      flags: withPort,
    },
  ];
}
