import { DomainError } from '../../base/error.ts';
import { parsePrefix } from '../ip.ts';
import type { VerdictName } from './data.ts';
import { hostOrder, interfaceName, numberBytes, protocolNumber, typeOf } from './data-type.ts';
import type { TransportProtocol } from './data-type.ts';
import type { KnownExpression } from './expression.ts';
import { load, typesOf, type FieldName } from './field.ts';
import { objectTypes, type ObjectType } from './object.ts';

/** Each function gives the instructions of one statement or match of `nft`, in its own form. */
export type Statement = readonly KnownExpression[];

type Operator = 'eq' | 'neq';

const nfproto = { 4: 2, 6: 10 } as const;
const register = 1;

/** `meta nfproto ipv4`: what an address match needs in a table of family inet. */
export function version(number: 4 | 6): Statement {
  return [
    { name: 'meta', key: 'nfproto', register },
    compare('eq', Buffer.from([nfproto[number]])),
  ];
}

/** `ip saddr 10.0.0.0/8` or `ip6 saddr ...`; in family inet after `version`. */
export function source(prefix: string, operator: Operator = 'eq'): Statement {
  return address(['sourceIp', 'sourceIp6'], prefix, operator);
}

/** `ip daddr 10.0.0.0/8` or `ip6 daddr ...`; in family inet after `version`. */
export function destination(prefix: string, operator: Operator = 'eq'): Statement {
  return address(['destinationIp', 'destinationIp6'], prefix, operator);
}

/** `meta l4proto tcp`. */
export function protocol(name: TransportProtocol): Statement {
  return [
    { name: 'meta', key: 'l4proto', register },
    compare('eq', Buffer.from([protocolNumber(name)])),
  ];
}

/** `sport 1024`, after `protocol`. */
export function sourcePort(port: number): Statement {
  return [...load(['sourcePort']).expressions, compare('eq', numberBytes(port, 2))];
}

/** `dport 80`, after `protocol`. */
export function destinationPort(port: number): Statement {
  return [...load(['destinationPort']).expressions, compare('eq', numberBytes(port, 2))];
}

/** `iifname "eth0"`; `"veth*"` matches all that begin so. */
export function inputInterface(name: string, operator: Operator = 'eq'): Statement {
  return [{ name: 'meta', key: 'iifname', register }, compare(operator, nameBytes(name))];
}

/** `oifname "eth0"`; `"veth*"` matches all that begin so. */
export function outputInterface(name: string, operator: Operator = 'eq'): Statement {
  return [{ name: 'meta', key: 'oifname', register }, compare(operator, nameBytes(name))];
}

/** `ether saddr 02:...`, in families that have the Ethernet header: bridge and netdev. */
export function sourceMac(mac: string, operator: Operator = 'eq'): Statement {
  const bytes = Buffer.from(typeOf('ether_addr').encode(mac));
  return [...load(['sourceMac']).expressions, compare(operator, bytes)];
}

const states = { invalid: 1, established: 2, related: 4, new: 8, untracked: 64 } as const;
export type ConnectionState = keyof typeof states;

/** `ct state established,related`. */
export function connectionState(...names: readonly ConnectionState[]): Statement {
  const mask = names.reduce((sum, name) => sum | states[name], 0);
  return [{ name: 'ct', key: 'state', register }, ...anyBit(mask)];
}

const statusBits = { snat: 16, dnat: 32 } as const;

/** `ct status dnat`. */
export function connectionStatus(name: keyof typeof statusBits): Statement {
  return [{ name: 'ct', key: 'status', register }, ...anyBit(statusBits[name])];
}

/** `meta mark 0x10`, or `meta mark and 0xff == 0x10` with a mask. */
export function mark(value: number, mask = 0xffffffff): Statement {
  const masked: KnownExpression[] = mask === 0xffffffff ? [] : [bitwise(word(mask))];
  return [{ name: 'meta', key: 'mark', register }, ...masked, compare('eq', word(value))];
}

/** `meta mark set 0x10`. */
export function setMark(value: number): Statement {
  return [
    { name: 'immediate', register, data: { value: word(value) } },
    { name: 'meta', key: 'mark', sourceRegister: register },
  ];
}

/** `fib daddr type local`: the packet is for an address of this host. */
export function destinationIsLocal(): Statement {
  const routeLocal = 2;
  const destinationFlag = 2;
  return [
    { name: 'fib', register, result: 'type', flags: destinationFlag },
    compare('eq', word(routeLocal)),
  ];
}

/** `ip saddr . tcp dport @set`, or `!= @set`. */
export function inSet(names: readonly FieldName[], set: string, operator: Operator = 'eq') {
  const inverted = 1;
  return [
    ...load(names).expressions,
    {
      name: 'lookup',
      set,
      sourceRegister: register,
      ...(operator === 'neq' && { flags: inverted }),
    },
  ] as const satisfies Statement;
}

/** `ip daddr . tcp dport vmap @map`. */
export function verdictMap(names: readonly FieldName[], map: string): Statement {
  return [
    ...load(names).expressions,
    { name: 'lookup', set: map, sourceRegister: register, register: 0 },
  ];
}

/** `counter`, or `counter name "x"` for an object that rules share. */
export function counter(object?: string): Statement {
  if (object !== undefined) return [reference('counter', object)];
  return [{ name: 'counter', bytes: 0n, packets: 0n }];
}

/** `quota name "x"`. */
export function quota(object: string): Statement {
  return [reference('quota', object)];
}

/** `accept`, `drop`, `return`, `jump x`, `goto x`. */
export function verdict(name: VerdictName, chain?: string): Statement {
  const data = chain === undefined ? { verdict: name } : { verdict: name, chain };
  return [{ name: 'immediate', register: 0, data }];
}

/** `reject`: with the ICMP message that the port is unreachable, or `tcp reset`. */
export function reject(how: 'port-unreachable' | 'tcp-reset' = 'port-unreachable'): Statement {
  const icmpxPortUnreachable = 1;
  if (how === 'tcp-reset') return [{ name: 'reject', type: 'tcpReset' }];
  return [{ name: 'reject', type: 'icmpx', code: icmpxPortUnreachable }];
}

/** `log prefix "..."`. */
export function log(prefix: string): Statement {
  return [{ name: 'log', prefix }];
}

/** `limit rate N/second burst M packets`: matches up to the rate. */
export function limit(perSecond: number, burst = 5): Statement {
  const rate = BigInt(perSecond);
  return [{ name: 'limit', rate, unitSeconds: 1n, burst, type: 'packets', flags: 0 }];
}

/** `notrack`: the connection is not followed, in a chain of priority raw. */
export function notrack(): Statement {
  return [{ name: 'notrack' }];
}

export * from './nat-statement.ts';
export { typesOf };

function address(
  [four, six]: readonly [FieldName, FieldName],
  text: string,
  operator: Operator,
): Statement {
  const { bytes, length } = parsePrefix(text);
  const [loading] = load([bytes.length === 4 ? four : six]).expressions;
  if (loading?.name !== 'payload') throw new TypeError('addresses are in the payload');
  if (length === 0) {
    if (operator === 'eq') return [];
    throw new DomainError('invalid', `Nothing is outside of "${text}"`);
  }
  const mask = maskOf(bytes.length, length);
  const network = Buffer.from(bytes.map((byte, i) => byte & (mask[i] ?? 0)));
  if (length % 8 !== 0) return [loading, bitwise(mask), compare(operator, network)];
  // Whole bytes are compared alone.
  const whole = length / 8;
  return [{ ...loading, length: whole }, compare(operator, network.subarray(0, whole))];
}

function maskOf(bytes: number, bits: number): Buffer {
  const mask = Buffer.alloc(bytes);
  for (let bit = 0; bit < bits; bit++) {
    mask[bit >> 3] = (mask[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  }
  return mask;
}

function compare(operator: Operator, value: Uint8Array): KnownExpression {
  return { name: 'cmp', register, operator, data: { value } };
}

function bitwise(mask: Uint8Array): KnownExpression {
  return {
    name: 'bitwise',
    sourceRegister: register,
    register,
    length: mask.length,
    operation: 0,
    mask: { value: mask },
    xor: { value: Buffer.alloc(mask.length) },
  };
}

function anyBit(mask: number): KnownExpression[] {
  return [bitwise(word(mask)), compare('neq', word(0))];
}

function word(value: number): Uint8Array {
  return hostOrder(numberBytes(value, 4));
}

function nameBytes(name: string): Buffer {
  if (!name.endsWith('*')) return interfaceName(name);
  if (name === '*') throw new DomainError('invalid', '"*" matches every interface: leave it out');
  return Buffer.from(name.slice(0, -1));
}

function reference(type: ObjectType, object: string): KnownExpression {
  return { name: 'objref', type: objectTypes[type], object };
}
