import { isIP } from 'node:net';
import { canonicalAddress } from '../services/usable-address.ts';
import type { Answer, DnsRecord } from './encode-answer.ts';
import { recordType, responseCode } from './message.ts';
import { below, type Name } from './name.ts';
import { endpointName, type RecordStore } from './record-store.ts';
import { addressOfReverse } from './reverse-name.ts';
import type { EndpointRecord, PortRecord, ServiceRecord } from './service-record.ts';

/** Seconds; as CoreDNS has it. */
const ttl = 5;
/** Of the specification of DNS-based service discovery that this follows. */
const schemaVersion = '1.1.0';

/** Records by what they are about, before the type that was asked for selects among them. */
interface Found {
  readonly records: readonly DnsRecord[];
  readonly additional?: readonly DnsRecord[];
}

/**
 * The cluster's own names (github.com/kubernetes/dns, specification.md): Services, endpoints of
 * headless ones, ports as SRV, pods by their addresses, and the names of addresses.
 */
export class Zone {
  readonly #store: RecordStore;
  readonly #domain: Name;

  constructor(store: RecordStore, domain: Name) {
    this.#store = store;
    this.#domain = domain;
  }

  /** Undefined when the name is none of the cluster's: it is asked of others. */
  answer(name: Name, type: number): Answer | undefined {
    const labels = below(name, this.#domain);
    if (labels === undefined) return this.#reverse(name, type);
    const found = this.#find(name, labels);
    if (found === undefined) return this.#negative(responseCode.nameError);
    const answers = found.records.filter(
      (record) => record.type === 'CNAME' || matches(type, record),
    );
    if (answers.length === 0) return this.#negative(responseCode.success);
    const additional = type === recordType.SRV ? (found.additional ?? []) : [];
    return { code: 0, authoritative: true, answers: shuffled(answers), additional };
  }

  #reverse(name: Name, type: number): Answer | undefined {
    const address = addressOfReverse(name);
    const names = address === undefined ? [] : this.#store.namesOf(address);
    if (names.length === 0) return undefined;
    const answers = names.map(
      (target) => ({ name, ttl, type: 'PTR', target: this.#below(`${target}.svc`) }) as const,
    );
    const asked = answers.filter((record) => matches(type, record));
    if (asked.length === 0) return this.#negative(responseCode.success);
    return { code: 0, authoritative: true, answers: asked };
  }

  #find(name: Name, labels: readonly string[]): Found | undefined {
    const [last, ...rest] = labels.toReversed();
    if (last === undefined) return { records: [this.#soa(), this.#nameServer()] };
    if (last === 'svc') return this.#services(name, rest);
    if (last === 'pod') return this.#pod(name, rest);
    if (last === 'dns-version' && rest.length === 0) {
      return { records: [{ name, ttl, type: 'TXT', text: schemaVersion }] };
    }
    if (last === 'dns' && rest.length <= 1 && (rest[0] ?? 'ns') === 'ns') return { records: [] };
    return undefined;
  }

  /** Labels from the right: namespace, Service, and what is below it. */
  #services(name: Name, [namespace, service, ...rest]: readonly string[]): Found | undefined {
    if (namespace === undefined) return { records: [] };
    if (!this.#store.hasNamespace(namespace)) return undefined;
    if (service === undefined) return { records: [] };
    const record = this.#store.get(namespace, service);
    if (record === undefined) return undefined;
    if (record.externalName !== undefined) {
      return rest.length > 0 ? undefined : external(name, record.externalName);
    }
    const [first, second, third] = rest;
    if (third !== undefined) return undefined;
    if (first === undefined) return this.#all(name, record);
    if (first.startsWith('_')) return this.#ports(name, record, { protocol: first, port: second });
    if (second !== undefined) return undefined;
    const endpoints = (record.endpoints ?? []).filter(({ hostname }) => hostname === first);
    if (endpoints.length === 0) return undefined;
    return { records: endpoints.flatMap((one) => addressRecords(name, one.addresses)) };
  }

  #all(name: Name, record: ServiceRecord): Found | undefined {
    const { endpoints, addresses } = record;
    // A headless Service without endpoints has a name all the same.
    const all = endpoints?.flatMap((one) => one.addresses) ?? addresses;
    const served = this.#portRecords(name, record, () => true);
    return {
      records: [...addressRecords(name, [...new Set(all)]), ...served.records],
      additional: served.additional ?? [],
    };
  }

  /** `_tcp` exists as soon as a port of that protocol does; `_http._tcp` is a port. */
  #ports(
    name: Name,
    record: ServiceRecord,
    asked: { protocol: string; port: string | undefined },
  ): Found | undefined {
    const served = this.#portRecords(
      name,
      record,
      ({ name: port, protocol }) =>
        `_${protocol}` === asked.protocol &&
        (asked.port === undefined || (port !== '' && `_${port}` === asked.port)),
    );
    if (served.records.length === 0) return undefined;
    return asked.port === undefined ? { records: [] } : served;
  }

  #portRecords(name: Name, record: ServiceRecord, wanted: (port: PortRecord) => boolean): Found {
    const { endpoints } = record;
    const service = this.#below(`${record.name}.${record.namespace}.svc`);
    const serve = (target: Name, ports: readonly PortRecord[]): DnsRecord[] =>
      ports
        .filter(wanted)
        .map(({ port }) => ({ name, ttl, type: 'SRV', port, target, weight: 100 }));
    if (endpoints === undefined) {
      const additional = addressRecords(service, record.addresses);
      return { records: serve(service, record.ports), additional };
    }
    const targetOf = (one: EndpointRecord): Name => this.#below(`${endpointName(record, one)}.svc`);
    return {
      records: endpoints.flatMap((one) => serve(targetOf(one), one.ports)),
      additional: endpoints.flatMap((one) => addressRecords(targetOf(one), one.addresses)),
    };
  }

  /** `10-244-1-2.default.pod`: says no more than what was asked, whether there is such a pod. */
  #pod(name: Name, [namespace, pod, ...rest]: readonly string[]): Found | undefined {
    if (namespace === undefined) return { records: [] };
    if (!this.#store.hasNamespace(namespace) || rest.length > 0) return undefined;
    if (pod === undefined) return { records: [] };
    const [four, six] = [pod.replaceAll('-', '.'), pod.replaceAll('-', ':')];
    const address = canonicalAddress(isIP(four) === 4 ? four : six);
    return address === undefined ? undefined : { records: addressRecords(name, [address]) };
  }

  #negative(code: number): Answer {
    return { code, authoritative: true, answers: [], authority: [this.#soa()] };
  }

  #soa(): DnsRecord {
    return {
      name: this.#domain,
      ttl,
      type: 'SOA',
      primary: this.#below('ns.dns'),
      contact: this.#below('hostmaster'),
      serial: this.#store.version >>> 0,
    };
  }

  #nameServer(): DnsRecord {
    return { name: this.#domain, ttl, type: 'NS', target: this.#below('ns.dns') };
  }

  #below(name: Name): Name {
    return `${name}.${this.#domain}`;
  }
}

function external(name: Name, target: Name): Found {
  // kubernetes allows an address there, which no CNAME may lead to.
  const address = isIP(target) === 0 ? undefined : canonicalAddress(target);
  if (address !== undefined) return { records: addressRecords(name, [address]) };
  return { records: [{ name, ttl, type: 'CNAME', target }] };
}

function addressRecords(name: Name, addresses: readonly string[]): DnsRecord[] {
  return addresses.map((address) => ({
    name,
    ttl,
    type: address.includes(':') ? 'AAAA' : 'A',
    address,
  }));
}

function matches(type: number, record: DnsRecord): boolean {
  return type === recordType.ANY || recordType[record.type] === type;
}

/** Clients take the first: so each gets another. */
function shuffled<T>(list: readonly T[]): T[] {
  const mixed = [...list];
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    const [one, other] = [mixed[i], mixed[j]];
    if (one !== undefined && other !== undefined) [mixed[i], mixed[j]] = [other, one];
  }
  return mixed;
}
