import { createHash } from 'node:crypto';
import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { nftables } from '../../src/netlink/index.ts';
import { parsePrefix } from '../../src/netlink/ip.ts';

const { statement } = nftables;
type Statement = nftables.statement.Statement;

/** Matches that are asked before a network's mappings. */
export interface Conditions {
  /** The same for the same words: names the chain and maps behind them. */
  readonly name: string;
  readonly statements: readonly Statement[];
}

/** `iptables` and `nft` write them differently; undefined for none. */
export function styleOf(words: readonly string[]): 'iptables' | 'nftables' | undefined {
  const first = words[0] ?? '';
  if (first === '') return undefined;
  return first.startsWith('-') || first.startsWith('!') ? 'iptables' : 'nftables';
}

/**
 * Understands matches of addresses, ports, protocols, interfaces and marks, in either program's
 * words. Throws CniError 2 for others: to apply a mapping without one would open what it closes.
 */
export function parseConditions(words: readonly string[], family: 4 | 6): Conditions | undefined {
  const style = styleOf(words);
  if (style === undefined) return undefined;
  const text = words.join(' ');
  const tokens = new Tokens(text);
  const statements: Statement[] = [];
  while (!tokens.ended) {
    statements.push(style === 'iptables' ? optionOf(tokens, family) : matchOf(tokens, family));
  }
  const name = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return { name, statements };
}

class Tokens {
  readonly text: string;
  readonly #rest: string[];

  constructor(text: string) {
    this.text = text;
    this.#rest = text.trim().split(/\s+/);
  }

  get ended(): boolean {
    return this.#rest.length === 0;
  }

  next(): string {
    return this.#rest.shift() ?? this.refuse();
  }

  /** Takes the word if it is the next one. */
  take(word: string): boolean {
    if (this.#rest[0] !== word) return false;
    this.#rest.shift();
    return true;
  }

  refuse(): never {
    throw new CniError(CniCode.unsupportedField, `Cannot apply the conditions "${this.text}"`);
  }
}

/** `! -d 192.0.2.0/24`, `-i eth0`, `-p tcp`. */
function optionOf(tokens: Tokens, family: 4 | 6): Statement {
  const operator = tokens.take('!') ? 'neq' : 'eq';
  const option = tokens.next();
  const value = tokens.next();
  if (/^(-s|--src|--source)$/.test(option)) {
    return address(tokens, { side: 'source', value, operator, family });
  }
  if (/^(-d|--dst|--destination)$/.test(option)) {
    return address(tokens, { side: 'destination', value, operator, family });
  }
  if (/^(-i|--in-interface)$/.test(option)) return interfaceMatch(value, operator);
  if (operator === 'neq') return tokens.refuse();
  if (/^(-p|--protocol)$/.test(option)) return protocol(tokens, value);
  if (/^(--sport|--source-port)$/.test(option)) return statement.sourcePort(port(tokens, value));
  if (/^(--dport|--destination-port)$/.test(option)) {
    return statement.destinationPort(port(tokens, value));
  }
  if (option === '--mark') return mark(tokens, value);
  // `-m tcp` and `-m mark` only announce what follows.
  if (option === '-m' && /^(tcp|udp|sctp|mark)$/.test(value)) return [];
  return tokens.refuse();
}

/** `ip daddr != 192.0.2.0/24`, `iifname "eth0"`, `tcp dport 80`, `meta mark 0x1`. */
function matchOf(tokens: Tokens, family: 4 | 6): Statement {
  tokens.take('meta');
  const subject = tokens.next();
  const attribute = /^(ip|ip6|tcp|udp|sctp)$/.test(subject) ? tokens.next() : '';
  const operator = tokens.take('!=') ? 'neq' : 'eq';
  tokens.take('==');
  const value = tokens.next().replace(/^"(.*)"$/, '$1');
  if (subject === (family === 4 ? 'ip' : 'ip6') && /^[sd]addr$/.test(attribute)) {
    const side = attribute === 'saddr' ? 'source' : 'destination';
    return address(tokens, { side, value, operator, family });
  }
  if (subject === 'iifname' || subject === 'iif') return interfaceMatch(value, operator);
  if (operator === 'neq') return tokens.refuse();
  if (subject === 'mark') return mark(tokens, value);
  if (subject === 'l4proto') return protocol(tokens, value);
  if (attribute === 'dport') {
    return [...protocol(tokens, subject), ...statement.destinationPort(port(tokens, value))];
  }
  if (attribute === 'sport') {
    return [...protocol(tokens, subject), ...statement.sourcePort(port(tokens, value))];
  }
  return tokens.refuse();
}

interface AddressMatch {
  readonly side: 'source' | 'destination';
  readonly value: string;
  readonly operator: 'eq' | 'neq';
  readonly family: 4 | 6;
}

function address(tokens: Tokens, { side, value, operator, family }: AddressMatch): Statement {
  try {
    if (parsePrefix(value).bytes.length === (family === 4 ? 4 : 16)) {
      return statement[side](value, operator);
    }
  } catch {
    return tokens.refuse();
  }
  return tokens.refuse();
}

/** `eth+` of iptables is `eth*` of nft. */
function interfaceMatch(value: string, operator: 'eq' | 'neq'): Statement {
  return statement.inputInterface(value.replace(/\+$/, '*'), operator);
}

function protocol(tokens: Tokens, value: string): Statement {
  if (value === 'tcp' || value === 'udp' || value === 'sctp') return statement.protocol(value);
  return tokens.refuse();
}

function port(tokens: Tokens, value: string): number {
  if (/^\d{1,5}$/.test(value) && Number(value) <= 65_535) return Number(value);
  return tokens.refuse();
}

/** `0x1` or `0x1/0x3`. */
function mark(tokens: Tokens, value: string): Statement {
  const [wanted = Number.NaN, mask = 0xffffffff] = value.split('/').map(Number);
  const fits = [wanted, mask].every((one) => Number.isInteger(one) && one >= 0 && one < 2 ** 32);
  return fits ? statement.mark(wanted, mask) : tokens.refuse();
}
