import { AttributeTable, type Codec, type Values } from '../attribute.ts';
import { be16, be32, be64, binary, named, text, u8 } from '../codec.ts';
import { data } from './data.ts';

/** Registers: 1 to 4 of 16 bytes, and the same memory as 8 to 23 of 4 bytes. */
const register = be32;

export const metaKeys = {
  length: 0,
  protocol: 1,
  priority: 2,
  mark: 3,
  iif: 4,
  oif: 5,
  iifname: 6,
  oifname: 7,
  iiftype: 8,
  oiftype: 9,
  skuid: 10,
  skgid: 11,
  nftrace: 12,
  nfproto: 15,
  l4proto: 16,
  ibrname: 17,
  obrname: 18,
  pkttype: 19,
  cpu: 20,
  iifgroup: 21,
  oifgroup: 22,
  cgroup: 23,
  random: 24,
} as const;

export const ctKeys = {
  state: 0,
  direction: 1,
  status: 2,
  mark: 3,
  expiration: 5,
  l3protocol: 7,
  source: 8,
  destination: 9,
  protocol: 10,
  sourcePort: 11,
  destinationPort: 12,
  zone: 17,
  sourceIp: 19,
  destinationIp: 20,
  sourceIp6: 21,
  destinationIp6: 22,
} as const;

const operators = { eq: 0, neq: 1, lt: 2, lte: 3, gt: 4, gte: 5 } as const;

/** linux/netfilter/nf_tables.h: the attributes of each expression, by its name in the kernel. */
export const expressionTables = {
  payload: new AttributeTable({
    register: [1, register],
    base: [2, named(be32, { link: 0, network: 1, transport: 2, inner: 3 })],
    offset: [3, be32],
    length: [4, be32],
    sourceRegister: [5, register],
    checksumType: [6, be32],
    checksumOffset: [7, be32],
    checksumFlags: [8, be32],
  }),
  meta: new AttributeTable({
    register: [1, register],
    key: [2, named(be32, metaKeys)],
    sourceRegister: [3, register],
  }),
  ct: new AttributeTable({
    register: [1, register],
    key: [2, named(be32, ctKeys)],
    direction: [3, u8],
    sourceRegister: [4, register],
  }),
  cmp: new AttributeTable({
    register: [1, register],
    operator: [2, named(be32, operators)],
    data: [3, data],
  }),
  range: new AttributeTable({
    register: [1, register],
    operator: [2, named(be32, { eq: 0, neq: 1 })],
    from: [3, data],
    to: [4, data],
  }),
  bitwise: new AttributeTable({
    sourceRegister: [1, register],
    register: [2, register],
    length: [3, be32],
    mask: [4, data],
    xor: [5, data],
    operation: [6, be32],
  }),
  byteorder: new AttributeTable({
    sourceRegister: [1, register],
    register: [2, register],
    operation: [3, named(be32, { ntoh: 0, hton: 1 })],
    length: [4, be32],
    size: [5, be32],
  }),
  immediate: new AttributeTable({ register: [1, register], data: [2, data] }),
  lookup: new AttributeTable({
    set: [1, text],
    sourceRegister: [2, register],
    register: [3, register],
    setId: [4, be32],
    flags: [5, be32],
  }),
  dynset: new AttributeTable({
    set: [1, text],
    setId: [2, be32],
    operation: [3, named(be32, { add: 0, update: 1, delete: 2 })],
    keyRegister: [4, register],
    dataRegister: [5, register],
    timeoutMs: [6, be64],
    flags: [9, be32],
  }),
  counter: new AttributeTable({ bytes: [1, be64], packets: [2, be64] }),
  quota: new AttributeTable({ bytes: [1, be64], flags: [2, be32], consumed: [4, be64] }),
  limit: new AttributeTable({
    rate: [1, be64],
    unitSeconds: [2, be64],
    burst: [3, be32],
    type: [4, named(be32, { packets: 0, bytes: 1 })],
    flags: [5, be32],
  }),
  log: new AttributeTable({
    group: [1, be16],
    prefix: [2, text],
    level: [5, be32],
    flags: [6, be32],
  }),
  nat: new AttributeTable({
    type: [1, named(be32, { snat: 0, dnat: 1 })],
    family: [2, be32],
    addressRegister: [3, register],
    addressMaximumRegister: [4, register],
    portRegister: [5, register],
    portMaximumRegister: [6, register],
    flags: [7, be32],
  }),
  masq: new AttributeTable({
    flags: [1, be32],
    portRegister: [2, register],
    portMaximumRegister: [3, register],
  }),
  redir: new AttributeTable({
    portRegister: [1, register],
    portMaximumRegister: [2, register],
    flags: [3, be32],
  }),
  reject: new AttributeTable({
    type: [1, named(be32, { icmp: 0, tcpReset: 1, icmpx: 2 })],
    code: [2, u8],
  }),
  fib: new AttributeTable({
    register: [1, register],
    result: [2, named(be32, { oif: 1, oifname: 2, type: 3 })],
    flags: [3, be32],
  }),
  numgen: new AttributeTable({
    register: [1, register],
    modulus: [2, be32],
    type: [3, named(be32, { increment: 0, random: 1 })],
    offset: [4, be32],
  }),
  hash: new AttributeTable({
    sourceRegister: [1, register],
    register: [2, register],
    length: [3, be32],
    modulus: [4, be32],
    seed: [5, be32],
    offset: [6, be32],
    type: [7, named(be32, { jenkins: 0, symmetric: 1 })],
  }),
  objref: new AttributeTable({
    type: [1, be32],
    object: [2, text],
    sourceRegister: [3, register],
    set: [4, text],
    setId: [5, be32],
  }),
  rt: new AttributeTable({
    register: [1, register],
    key: [2, named(be32, { classid: 0, nexthop4: 1, nexthop6: 2, tcpmss: 3 })],
  }),
  exthdr: new AttributeTable({
    register: [1, register],
    type: [2, u8],
    offset: [3, be32],
    length: [4, be32],
    flags: [5, be32],
    operation: [6, be32],
    sourceRegister: [7, register],
  }),
  socket: new AttributeTable({ key: [1, be32], register: [2, register] }),
  tproxy: new AttributeTable({
    family: [1, be32],
    addressRegister: [2, register],
    portRegister: [3, register],
  }),
  queue: new AttributeTable({ number: [1, be16], total: [2, be16], flags: [3, be16] }),
  flow_offload: new AttributeTable({ flowtable: [1, text] }),
  notrack: new AttributeTable({}),
} as const;

export type ExpressionName = keyof typeof expressionTables;

type ValuesOf<Name extends ExpressionName> =
  (typeof expressionTables)[Name] extends AttributeTable<infer D> ? Values<D> : never;

/** An instruction of a rule, with the kernel's name and typed attributes. */
export type KnownExpression = {
  [Name in ExpressionName]: { readonly name: Name } & Readonly<ValuesOf<Name>>;
}[ExpressionName];

/** One of other people's rules that is not known here, with its attributes as bytes. */
export interface OtherExpression {
  readonly name: 'other';
  readonly kernelName: string;
  readonly bytes: Uint8Array;
}

export type Expression = KnownExpression | OtherExpression;

/** NFTA_EXPR_NAME, and NFTA_EXPR_DATA by that name. */
export const expression: Codec<Expression> = {
  write(writer, type, value) {
    const nest = writer.beginNest(type);
    text.write(writer, 1, value.name === 'other' ? value.kernelName : value.name);
    if (value.name === 'other') {
      binary.write(writer, 2, value.bytes);
    } else {
      const inner = writer.beginNest(2);
      const table: AttributeTable<Record<string, never>> = expressionTables[value.name];
      const { name: _name, ...values } = value;
      table.write(writer, values);
      writer.endNest(inner);
    }
    writer.endNest(nest);
  },
  read(source, start, end) {
    const { name = '', range } = header.read(source, start, end);
    const from = range?.start ?? end;
    const to = range?.end ?? end;
    if (!isKnown(name)) {
      return { name: 'other', kernelName: name, bytes: binary.read(source, from, to) };
    }
    return { name, ...expressionTables[name].read(source, from, to) } as KnownExpression;
  },
};

const header = new AttributeTable({
  name: [1, text],
  range: [
    2,
    {
      write() {
        throw new TypeError('the data of an expression is written by its table');
      },
      read: (_source, start, end) => ({ start, end }),
    } satisfies Codec<{ start: number; end: number }>,
  ],
});

function isKnown(name: string): name is ExpressionName {
  return Object.hasOwn(expressionTables, name);
}
