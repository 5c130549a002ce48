import { parseIp } from '../ip.ts';
import { numberBytes } from './data-type.ts';
import type { KnownExpression } from './expression.ts';
import { load, registerAt, type FieldName } from './field.ts';

type Statement = readonly KnownExpression[];

/** linux/netfilter.h: NFPROTO_*. */
const nfproto = { 4: 2, 6: 10 } as const;
const register = 1;

/** How ports are chosen by NAT: NF_NAT_RANGE_PROTO_RANDOM and its like. */
export interface NatOptions {
  readonly random?: boolean;
  readonly fullyRandom?: boolean;
  readonly persistent?: boolean;
}

/** `masquerade`: the source becomes the address of the outgoing interface. */
export function masquerade(options: NatOptions = {}): Statement {
  const flags = natFlags(options);
  return [{ name: 'masq', ...(flags !== 0 && { flags }) }];
}

/** `snat to ADDRESS`. */
export function sourceNat(to: string, options: NatOptions = {}): Statement {
  return nat('snat', { address: to }, options);
}

/** `dnat to ADDRESS:PORT`. */
export function destinationNat(
  to: { readonly address: string; readonly port?: number },
  options: NatOptions = {},
): Statement {
  return nat('dnat', to, options);
}

/** `redirect to :PORT`, to this host itself. */
export function redirect(port: number): Statement {
  return [
    { name: 'immediate', register, data: { value: numberBytes(port, 2) } },
    { name: 'redir', portRegister: register, flags: natFlag.port },
  ];
}

/** `dnat ip addr . port to ... map @map`: the map gives address and port for the fields. */
export function destinationNatByMap(
  names: readonly FieldName[],
  map: string,
  ipVersion: 4 | 6,
): Statement {
  const addressBytes = ipVersion === 4 ? 4 : 16;
  return [
    ...load(names).expressions,
    { name: 'lookup', set: map, sourceRegister: register, register },
    {
      name: 'nat',
      type: 'dnat',
      family: nfproto[ipVersion],
      addressRegister: register,
      portRegister: registerAt(addressBytes),
      flags: natFlag.port,
    },
  ];
}

const natFlag = { address: 1, port: 2, random: 4, persistent: 8, fullyRandom: 16 } as const;

function natFlags({ random, fullyRandom, persistent }: NatOptions): number {
  return (
    (random === true ? natFlag.random : 0) |
    (fullyRandom === true ? natFlag.fullyRandom : 0) |
    (persistent === true ? natFlag.persistent : 0)
  );
}

function nat(
  type: 'snat' | 'dnat',
  to: { readonly address: string; readonly port?: number },
  options: NatOptions,
): Statement {
  const bytes = parseIp(to.address);
  const portRegister = 2;
  const withPort = to.port !== undefined;
  const flags = natFlags(options) | (withPort ? natFlag.port : 0);
  return [
    { name: 'immediate', register, data: { value: bytes } },
    ...(to.port === undefined
      ? []
      : [
          {
            name: 'immediate',
            register: portRegister,
            data: { value: numberBytes(to.port, 2) },
          } as const,
        ]),
    {
      name: 'nat',
      type,
      family: bytes.length === 4 ? nfproto[4] : nfproto[6],
      addressRegister: register,
      ...(withPort && { portRegister }),
      ...(flags !== 0 && { flags }),
    },
  ];
}
