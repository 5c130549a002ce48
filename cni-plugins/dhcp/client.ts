import { randomInt } from 'node:crypto';
import { readSync, writeSync } from 'node:fs';
import { DomainError, hasCode, isDomainError } from '../../src/base/error.ts';
import type { Descriptor } from '../../src/kernel/descriptor.ts';
import { socketIn } from '../../src/kernel/inside.ts';
import { readable } from '../../src/kernel/readiness.ts';
import { AddressFamily } from '../../src/kernel/socket-address.ts';
import { link } from '../../src/netlink/index.ts';
import { parseIp } from '../../src/netlink/ip.ts';
import type { ContainerNamespace } from '../container-namespace.ts';
import { isTaken, type Prober } from './probe.ts';
import { broadcastMac, decodeFrame, encodeFrame } from './frame.ts';
import { isOffer, type Lease, leaseIn, typeIn } from './lease.ts';
import { decodeMessage, type DhcpMessage, encodeMessage, messageType, option } from './message.ts';

/** Longer and longer, as RFC 2131 wants it; together less than a runtime waits for an ADD. */
const waitsMs = [2000, 4000, 8000, 16_000];
const nowhere = '0.0.0.0';
const everybody = '255.255.255.255';
const longestFrame = 9216;
const rawNonBlocking = 3 | 0x800;
const ipv4 = 0x0800;

interface Exchange {
  readonly type: number;
  readonly options?: readonly (readonly [number, Uint8Array])[];
  /** For renewal: the lease that is there. */
  readonly lease?: Lease;
  /** To the server alone, rather than to everybody. */
  readonly unicast?: boolean;
}

/** A client of DHCP on one interface of a pod, by raw frames. Close it, or hold it with `using`. */
export class DhcpClient implements Disposable {
  readonly #socket: Descriptor;
  readonly #prober: Prober;
  readonly #mac: string;
  readonly #always: ReadonlyMap<number, Uint8Array>;
  #transaction = 0;

  private constructor(socket: Descriptor, prober: Prober, always: ReadonlyMap<number, Uint8Array>) {
    this.#socket = socket;
    this.#prober = prober;
    this.#mac = prober.mac;
    this.#always = always;
  }

  /** Brings the interface up if it is not. Throws KernelError ENODEV without one. */
  static async open(
    container: ContainerNamespace,
    interfaceName: string,
    always: ReadonlyMap<number, Uint8Array>,
  ): Promise<DhcpClient> {
    const own = await link.get(container.connection, interfaceName);
    if (!own.up) await link.setUp(container.connection, own.index);
    const socket = await socketIn(container.namespace, {
      family: AddressFamily.packet,
      type: rawNonBlocking,
      local: { interface: own.index, protocol: ipv4 },
    });
    return new DhcpClient(socket, { container, index: own.index, mac: own.address ?? '' }, always);
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  /**
   * DISCOVER, OFFER, REQUEST, ACK; and DECLINE of an address that another machine has, as often as
   * there are tries. A server that refuses its own offer is asked again.
   * Throws DomainError `timeout` when no server gives a lease.
   */
  async acquire(signal: AbortSignal): Promise<Lease> {
    this.#begin();
    for (const waitMs of waitsMs) {
      const until = Date.now() + waitMs;
      this.#send({ type: messageType.discover });
      const offer = await this.#receive(until, signal, isOffer);
      if (offer === undefined) continue;
      const { address, server } = offer.lease;
      const wanted = [
        [option.requestedAddress, parseIp(address)],
        [option.server, parseIp(server)],
      ] as const;
      this.#send({ type: messageType.request, options: wanted });
      const answer = await this.#receive(Date.now() + waitMs, signal, isAnswerOf(server));
      if (answer === undefined) continue;
      // A refusal ends the exchange: one that comes twice must not meet the next.
      if (!answer.given) {
        this.#begin();
        continue;
      }
      if (!(await isTaken(this.#prober, answer.lease.address, signal))) return answer.lease;
      this.#send({ type: messageType.decline, options: wanted });
      this.#begin();
    }
    throw new DomainError('timeout', 'No DHCP server gave an address: no more tries');
  }

  /**
   * Asks the server to prolong a lease, or with `rebind` any server. Undefined when nobody answers;
   * throws DomainError `conflict` when the lease is taken away.
   */
  async renew(lease: Lease, rebind: boolean, signal: AbortSignal): Promise<Lease | undefined> {
    this.#begin();
    this.#send({ type: messageType.request, lease, unicast: !rebind });
    const matches = rebind ? isAnswer : isAnswerOf(lease.server);
    const answer = await this.#receive(Date.now() + (waitsMs[0] ?? 0), signal, matches);
    if (answer === undefined || answer.given) return answer?.lease;
    throw new DomainError('conflict', `The DHCP server took ${lease.address} away`);
  }

  /** Gives a lease back; nobody answers to that. */
  release(lease: Lease): void {
    this.#begin();
    const options = [[option.server, parseIp(lease.server)]] as const;
    this.#send({ type: messageType.release, lease, unicast: true, options });
  }

  #begin(): void {
    this.#transaction = randomInt(2 ** 32);
  }

  #send({ type, options = [], lease, unicast = false }: Exchange): void {
    const message = encodeMessage({
      fromServer: false,
      transaction: this.#transaction,
      clientAddress: lease?.address ?? nowhere,
      yourAddress: nowhere,
      mac: this.#mac,
      options: new Map([[option.messageType, Uint8Array.of(type)], ...this.#always, ...options]),
    });
    const frame = encodeFrame({
      sourceMac: this.#mac,
      destinationMac: unicast && lease !== undefined ? lease.serverMac : broadcastMac,
      source: lease?.address ?? nowhere,
      destination: unicast && lease !== undefined ? lease.server : everybody,
      payload: message,
    });
    writeSync(this.#socket.fd, frame);
  }

  /** The first fitting answer; what is not for this client, or makes no sense, is passed over. */
  async #receive(
    until: number,
    signal: AbortSignal,
    fits: (message: DhcpMessage, lease: Lease | undefined) => boolean,
  ): Promise<Received | undefined> {
    const buffer = Buffer.alloc(longestFrame);
    for (;;) {
      const timeoutMs = until - Date.now();
      if (timeoutMs <= 0 || !(await this.#waitUntilReadable(timeoutMs, signal))) return undefined;
      const length = readNow(this.#socket.fd, buffer);
      const received =
        length === undefined ? undefined : this.#understand(buffer.subarray(0, length));
      if (received !== undefined && fits(received.message, received.lease)) return received;
    }
  }

  async #waitUntilReadable(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    try {
      await readable(this.#socket.fd, { timeoutMs, signal });
      return true;
    } catch (error) {
      if (isDomainError(error, 'timeout')) return false;
      throw error;
    }
  }

  #understand(frame: Buffer): Received | undefined {
    const datagram = decodeFrame(frame);
    if (datagram === undefined) return undefined;
    try {
      const message = decodeMessage(Buffer.from(datagram.payload));
      const mine = message.transaction === this.#transaction && message.mac === this.#mac;
      if (!message.fromServer || !mine) return undefined;
      const given = typeIn(message) !== messageType.refuse;
      const lease = given ? leaseIn(message, datagram.sourceMac, Date.now()) : refusedBy(message);
      return { message, lease, given };
    } catch (error) {
      if (isDomainError(error, 'invalid')) return undefined;
      throw error;
    }
  }
}

interface Received {
  readonly message: DhcpMessage;
  readonly lease: Lease;
  readonly given: boolean;
}

/** A refusal has a server and nothing else. */
function refusedBy(message: DhcpMessage): Lease {
  const server = message.options.get(option.server);
  return {
    address: nowhere,
    prefixLength: 0,
    server: server?.length === 4 ? server.join('.') : nowhere,
    serverMac: broadcastMac,
    routes: [],
    renewAt: 0,
    rebindAt: 0,
    expireAt: 0,
  };
}

function isAnswer(message: DhcpMessage): boolean {
  const type = typeIn(message);
  return type === messageType.acknowledge || type === messageType.refuse;
}

function isAnswerOf(server: string) {
  return (message: DhcpMessage, lease: Lease | undefined) =>
    isAnswer(message) && lease?.server === server;
}

function readNow(fd: number, buffer: Buffer): number | undefined {
  try {
    return readSync(fd, buffer);
  } catch (error) {
    if (hasCode(error, 'EAGAIN')) return undefined;
    throw error;
  }
}
